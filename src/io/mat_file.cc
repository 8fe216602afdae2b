#include "io/mat_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "io/departures.h"
#include "io/mat_node.h"
#include "nest/core/error.h"
#include "nest/core/utf8.h"
#include "nest/io/byte_source.h"

namespace nest::io {
namespace {

// DEFLATE cannot expand by more than this; a larger claim is a lie about the size.
constexpr double kMaxExpansion = 1032;

// Element i of a node whose type is T, in this machine's byte order.
template <class T>
T element(const MatNode& node, std::size_t i) {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), node.data.data() + i * sizeof(T), sizeof(T));
  if (node.is_swapped) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

template <class T>
void copy_numbers(const MatNode& node, std::vector<double>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(element<T>(node, i));
}

constexpr char32_t kReplacement = 0xFFFD;

bool is_surrogate(char32_t point) {
  return point >= 0xD800 && point <= 0xDFFF;
}

// Character i of a text that is not UTF-8: Latin-1, UTF-16 or UTF-32 by the size of its elements.
char32_t unit_of(const MatNode& node, std::size_t i) {
  switch (size_of(node.type)) {
    case 1:
      return element<std::uint8_t>(node, i);
    case 2:
      return element<std::uint16_t>(node, i);
    case 4:
      return element<std::uint32_t>(node, i);
    default:
      return kReplacement;
  }
}

bool is_mat73(const ByteSource& file) {
  constexpr std::uint64_t kUserBlock = 512;
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  return file.size() > kUserBlock + kSignature.size() &&
         file.read_text(kUserBlock, kSignature.size()) == kSignature;
}

}  // namespace

bool MatValue::is_numeric() const {
  return node_->kind == MatKind::kNumbers;
}
bool MatValue::is_text() const {
  return node_->kind == MatKind::kText;
}
bool MatValue::is_struct() const {
  return node_->kind == MatKind::kStruct;
}
bool MatValue::is_cell() const {
  return node_->kind == MatKind::kCell;
}

Shape MatValue::dims() const {
  return node_->dims;
}

std::int64_t MatValue::numel() const {
  return node_->dims.empty() ? 0 : nest::numel(node_->dims);
}

std::vector<std::string> MatValue::field_names() const {
  return node_->fields;
}

std::optional<MatValue> MatValue::field(const std::string& name, std::int64_t index) const {
  const auto found = std::find(node_->fields.begin(), node_->fields.end(), name);
  if (!is_struct() || index < 0 || index >= numel() || found == node_->fields.end()) {
    return std::nullopt;
  }
  const auto at = static_cast<std::size_t>(index) * node_->fields.size() +
                  static_cast<std::size_t>(found - node_->fields.begin());
  const MatValue value(root_, &node_->items.at(at));
  if (value.numel() == 0) return std::nullopt;
  return value;
}

std::optional<MatValue> MatValue::cell(std::int64_t index) const {
  if (!is_cell() || index < 0 || index >= numel()) return std::nullopt;
  const MatValue value(root_, &node_->items.at(static_cast<std::size_t>(index)));
  if (value.numel() == 0) return std::nullopt;
  return value;
}

std::string MatValue::text() const {
  return utf8_or_latin1(raw_text());
}

std::string MatValue::raw_text() const {
  require(is_text(), ErrorCode::kDataCorrupt, "a text was expected, found another type");
  const MatNode& node = *node_;
  if (node.type == MatType::kUtf8) {
    return {reinterpret_cast<const char*>(node.data.data()), node.data.size()};
  }
  std::string out;
  const std::size_t count = node.data.size() / size_of(node.type);
  for (std::size_t i = 0; i < count; ++i) {
    char32_t point = unit_of(node, i);
    if (is_surrogate(point)) {
      const char32_t low = i + 1 < count ? unit_of(node, i + 1) : 0;
      const bool is_pair = point < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF;
      if (is_pair) ++i;
      point = is_pair ? 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00) : kReplacement;
    }
    append_utf8(out, point <= 0x10FFFF ? point : kReplacement);
  }
  return out;
}

std::vector<double> MatValue::numbers() const {
  require(is_numeric() && !node_->is_complex, ErrorCode::kDataCorrupt,
          "real numbers were expected, found another type");
  if (node_->data.empty()) return {};
  require(node_->type != MatType::kUtf8, ErrorCode::kDataCorrupt, "numbers are stored as text");
  std::vector<double> out(node_->data.size() / size_of(node_->type));
  switch (node_->type) {
    case MatType::kI8:
      copy_numbers<std::int8_t>(*node_, out);
      break;
    case MatType::kU8:
      copy_numbers<std::uint8_t>(*node_, out);
      break;
    case MatType::kI16:
      copy_numbers<std::int16_t>(*node_, out);
      break;
    case MatType::kU16:
      copy_numbers<std::uint16_t>(*node_, out);
      break;
    case MatType::kI32:
      copy_numbers<std::int32_t>(*node_, out);
      break;
    case MatType::kU32:
      copy_numbers<std::uint32_t>(*node_, out);
      break;
    case MatType::kF32:
      copy_numbers<float>(*node_, out);
      break;
    case MatType::kI64:
      copy_numbers<std::int64_t>(*node_, out);
      break;
    case MatType::kU64:
      copy_numbers<std::uint64_t>(*node_, out);
      break;
    default:
      copy_numbers<double>(*node_, out);
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
  const auto source = ByteSource::open(path);
  MatFile file;
  file.path_ = path;
  require(is_mat5(*source) || is_mat73(*source), ErrorCode::kDataCorrupt,
          "not a MATLAB file of version 5 to 7.3, or its first bytes are damaged");
  Departures departures;
  const auto found =
      is_mat5(*source) ? mat5_variables(*source, departures) : mat73_variables(path, departures);
  for (const MatVariable& variable : found) {
    double elements = 1;
    for (const std::int64_t dim : variable.dims) elements *= static_cast<double>(dim);
    if (elements > kMaxExpansion * static_cast<double>(source->size())) {
      departures.add("variable left out",
                     fmt::format("{}: it claims {} elements, more than a file of {} bytes can hold",
                                 utf8_or_latin1(variable.name), elements, source->size()));
      continue;
    }
    file.variables_.push_back(
        {variable.name, variable.dims, variable.kind == MatKind::kNumbers, variable.offset});
  }
  require(!file.variables_.empty(), ErrorCode::kDataCorrupt,
          "no variable can be read: the file is empty or damaged{}{}",
          departures.lines().empty() ? "" : ": ", fmt::join(departures.lines(), "; "));
  file.warnings_ = departures.lines();
  return file;
}

bool MatFile::has(const std::string& name) const {
  return std::any_of(variables_.begin(), variables_.end(),
                     [&](const Variable& variable) { return variable.name == name; });
}

MatValue MatFile::read(const std::string& name, const std::vector<std::string>& fields) const {
  std::string names;
  for (const Variable& variable : variables_)
    names += (names.empty() ? "" : ", ") + utf8_or_latin1(variable.name);
  require(has(name), ErrorCode::kNotFound, "no variable '{}'; the file has: {}", name, names);
  const auto found = std::find_if(variables_.begin(), variables_.end(),
                                  [&](const Variable& variable) { return variable.name == name; });
  return with_context(fmt::format("variable {}", utf8_or_latin1(name)), [&] {
    const auto source = ByteSource::open(path_);
    const auto root =
        is_mat5(*source)
            ? mat5_read(*source, {name, found->dims, MatKind::kOther, found->offset}, fields)
            : mat73_read(path_, name, fields);
    return MatValue(root, &root->node);
  });
}

}  // namespace nest::io
