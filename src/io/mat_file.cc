#include "nest/io/mat_file.h"

#include <mutex>
#include <numeric>

#include <matio.h>

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/io/byte_source.h"

namespace nest::io {
namespace {

// DEFLATE cannot expand by more than this; a larger claim is a lie about the size.
constexpr double kMaxExpansion = 1032;

std::mutex& matio_mutex() {
  static std::mutex mutex;
  return mutex;
}

void route_messages() {
  static const int once = Mat_LogInitFunc("nest", [](int, char* message) {
    log_debug("matio: {}", static_cast<const char*>(message));
  });
  (void)once;
}

struct Closer {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
using Handle = std::unique_ptr<mat_t, Closer>;

Handle open_handle(const std::filesystem::path& path) {
  route_messages();
  Handle file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
  require(file != nullptr, ErrorCode::kDataCorrupt,
          "{}: not a MATLAB 5 or 7.3 file, or it is damaged (libmatio cannot open it)",
          path.string());
  return file;
}

bool is_number_class(matio_classes type) {
  return type >= MAT_C_DOUBLE && type <= MAT_C_UINT64;
}

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

template <class T>
void copy_numbers(const matvar_t& value, std::vector<double>& out) {
  require(value.data_size == static_cast<int>(sizeof(T)), ErrorCode::kDataCorrupt,
          "variable {}: element size {} does not fit its class", value.name ? value.name : "",
          value.data_size);
  const T* data = static_cast<const T*>(value.data);
  for (double& number : out) number = static_cast<double>(*data++);
}

}  // namespace

bool MatValue::is_numeric() const {
  return is_number_class(value_->class_type);
}
bool MatValue::is_text() const {
  return value_->class_type == MAT_C_CHAR;
}
bool MatValue::is_struct() const {
  return value_->class_type == MAT_C_STRUCT;
}
bool MatValue::is_cell() const {
  return value_->class_type == MAT_C_CELL;
}

Shape MatValue::dims() const {
  Shape shape;
  for (int i = 0; i < value_->rank; ++i)
    shape.push_back(static_cast<std::int64_t>(value_->dims[i]));
  return shape;
}

std::int64_t MatValue::numel() const {
  return value_->rank > 0 ? nest::numel(dims()) : 0;
}

std::vector<std::string> MatValue::field_names() const {
  std::vector<std::string> names;
  if (!is_struct()) return names;
  const unsigned count = Mat_VarGetNumberOfFields(const_cast<matvar_t*>(value_));
  char* const* list = Mat_VarGetStructFieldnames(value_);
  for (unsigned i = 0; i < count; ++i) names.emplace_back(list[i]);
  return names;
}

std::optional<MatValue> MatValue::field(const std::string& name, std::int64_t index) const {
  if (!is_struct() || index < 0 || index >= numel()) return std::nullopt;
  const matvar_t* found = Mat_VarGetStructFieldByName(const_cast<matvar_t*>(value_), name.c_str(),
                                                      static_cast<std::size_t>(index));
  if (found == nullptr || found->data == nullptr) return std::nullopt;
  return MatValue(root_, found);
}

std::optional<MatValue> MatValue::cell(std::int64_t index) const {
  if (!is_cell() || index < 0 || index >= numel()) return std::nullopt;
  const matvar_t* found = Mat_VarGetCell(const_cast<matvar_t*>(value_), static_cast<int>(index));
  if (found == nullptr || found->data == nullptr) return std::nullopt;
  return MatValue(root_, found);
}

std::string MatValue::text() const {
  require(is_text(), ErrorCode::kDataCorrupt, "a text was expected, found another type");
  std::string out;
  if (value_->data == nullptr) return out;
  const auto count = static_cast<std::size_t>(value_->data_size) > 0
                         ? value_->nbytes / static_cast<std::size_t>(value_->data_size)
                         : 0;
  if (value_->data_type == MAT_T_UTF8) {
    return {static_cast<const char*>(value_->data), value_->nbytes};
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (value_->data_size == 2) {
      append_utf8(out, static_cast<const std::uint16_t*>(value_->data)[i]);
    } else {
      append_utf8(out, static_cast<const std::uint8_t*>(value_->data)[i]);
    }
  }
  return out;
}

std::vector<double> MatValue::numbers() const {
  require(is_numeric() && !value_->isComplex, ErrorCode::kDataCorrupt,
          "real numbers were expected, found another type");
  std::vector<double> out(static_cast<std::size_t>(numel()));
  if (out.empty() || value_->data == nullptr) return {};
  require(value_->nbytes >= out.size() * static_cast<std::size_t>(value_->data_size),
          ErrorCode::kDataCorrupt, "a variable holds fewer bytes than its dimensions need");
  switch (value_->class_type) {
    case MAT_C_DOUBLE:
      copy_numbers<double>(*value_, out);
      break;
    case MAT_C_SINGLE:
      copy_numbers<float>(*value_, out);
      break;
    case MAT_C_INT8:
      copy_numbers<std::int8_t>(*value_, out);
      break;
    case MAT_C_UINT8:
      copy_numbers<std::uint8_t>(*value_, out);
      break;
    case MAT_C_INT16:
      copy_numbers<std::int16_t>(*value_, out);
      break;
    case MAT_C_UINT16:
      copy_numbers<std::uint16_t>(*value_, out);
      break;
    case MAT_C_INT32:
      copy_numbers<std::int32_t>(*value_, out);
      break;
    case MAT_C_UINT32:
      copy_numbers<std::uint32_t>(*value_, out);
      break;
    case MAT_C_INT64:
      copy_numbers<std::int64_t>(*value_, out);
      break;
    default:
      copy_numbers<std::uint64_t>(*value_, out);
      break;
  }
  return out;
}

double MatValue::number() const {
  const auto all = numbers();
  require(!all.empty(), ErrorCode::kDataCorrupt, "a number was expected, found an empty array");
  return all.front();
}

Tensor MatValue::matrix() const {
  const Shape shape = dims();
  require(shape.size() == 2, ErrorCode::kDataCorrupt, "a matrix was expected, found shape {}",
          to_string(shape));
  const auto columns_first = numbers();
  Tensor result(DType::kF64, shape);
  const auto out = result.mutable_data<double>();
  const auto rows = static_cast<std::size_t>(shape[0]);
  const auto columns = static_cast<std::size_t>(shape[1]);
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r) out[r * columns + c] = columns_first[c * rows + r];
  }
  return result;
}

MatFile MatFile::open(const std::filesystem::path& path) {
  const double file_bytes = static_cast<double>(ByteSource::open(path)->size());
  const std::scoped_lock lock(matio_mutex());
  const Handle handle = open_handle(path);
  MatFile file;
  file.path_ = path;
  while (matvar_t* info = Mat_VarReadNextInfo(handle.get())) {
    const std::unique_ptr<matvar_t, void (*)(matvar_t*)> guard(info, Mat_VarFree);
    Variable variable;
    variable.name = info->name != nullptr ? info->name : "";
    double elements = 1;
    for (int i = 0; i < info->rank; ++i) {
      variable.dims.push_back(static_cast<std::int64_t>(info->dims[i]));
      elements *= static_cast<double>(info->dims[i]);
    }
    variable.is_numeric = is_number_class(info->class_type);
    require(elements <= kMaxExpansion * file_bytes, ErrorCode::kDataCorrupt,
            "variable {} claims {} elements, more than a file of {} bytes can hold", variable.name,
            elements, file_bytes);
    if (!variable.name.empty()) file.variables_.push_back(std::move(variable));
  }
  require(!file.variables_.empty(), ErrorCode::kDataCorrupt,
          "{}: no variable can be read: the file is empty or damaged", path.string());
  return file;
}

bool MatFile::has(const std::string& name) const {
  for (const Variable& variable : variables_) {
    if (variable.name == name) return true;
  }
  return false;
}

MatValue MatFile::read(const std::string& name) const {
  std::string names;
  for (const Variable& variable : variables_) names += (names.empty() ? "" : ", ") + variable.name;
  require(has(name), ErrorCode::kNotFound, "no variable '{}'; the file has: {}", name, names);
  const std::scoped_lock lock(matio_mutex());
  const Handle handle = open_handle(path_);
  std::shared_ptr<matvar_t> root(Mat_VarRead(handle.get(), name.c_str()), [](matvar_t* value) {
    if (value != nullptr) Mat_VarFree(value);
  });
  require(root != nullptr, ErrorCode::kDataCorrupt, "variable '{}' cannot be read: damaged", name);
  return {root, root.get()};
}

}  // namespace nest::io
