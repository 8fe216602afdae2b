#include <mutex>

#include <matio.h>

#include "io/mat_node.h"
#include "nest/core/error.h"
#include "nest/core/log.h"

namespace nest::io {
namespace {

std::mutex& matio_mutex() {  // HDF5 is not reentrant
  static std::mutex mutex;
  return mutex;
}

struct Closer {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
using Handle = std::unique_ptr<mat_t, Closer>;

Handle open_handle(const std::filesystem::path& path) {
  static const int once = Mat_LogInitFunc("nest", [](int, char* message) {
    log_debug("matio: {}", static_cast<const char*>(message));
  });
  (void)once;
  Handle file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
  require(file != nullptr && Mat_GetVersion(file.get()) == MAT_FT_MAT73, ErrorCode::kDataCorrupt,
          "not a MATLAB 7.3 file, or it is damaged (libmatio cannot open it)");
  return file;
}

MatKind kind_of(matio_classes type) {
  if (type == MAT_C_CELL) return MatKind::kCell;
  if (type == MAT_C_STRUCT) return MatKind::kStruct;
  if (type == MAT_C_CHAR) return MatKind::kText;
  return type >= MAT_C_DOUBLE && type <= MAT_C_UINT64 ? MatKind::kNumbers : MatKind::kOther;
}

MatType number_type(matio_classes type) {
  switch (type) {
    case MAT_C_SINGLE:
      return MatType::kF32;
    case MAT_C_INT8:
      return MatType::kI8;
    case MAT_C_UINT8:
      return MatType::kU8;
    case MAT_C_INT16:
      return MatType::kI16;
    case MAT_C_UINT16:
      return MatType::kU16;
    case MAT_C_INT32:
      return MatType::kI32;
    case MAT_C_UINT32:
      return MatType::kU32;
    case MAT_C_INT64:
      return MatType::kI64;
    case MAT_C_UINT64:
      return MatType::kU64;
    default:
      return MatType::kF64;
  }
}

Shape dims_of(const matvar_t& value) {
  Shape dims;
  for (int i = 0; i < value.rank; ++i) dims.push_back(static_cast<std::int64_t>(value.dims[i]));
  return dims;
}

MatNode node_of(const matvar_t* value);

void add_items(const matvar_t& value, std::size_t each, MatNode& node) {
  const std::size_t count =
      value.data != nullptr ? value.nbytes / sizeof(matvar_t*) : std::size_t{0};
  const auto wanted = static_cast<std::size_t>(numel(node.dims)) * each;
  require(count >= wanted || count == 0, ErrorCode::kDataCorrupt,
          "a struct or cell array of {} values has {}", wanted, count);
  if (count == 0) {
    node.dims = {0, 0};
    return;
  }
  const auto* items = static_cast<matvar_t* const*>(value.data);
  for (std::size_t i = 0; i < wanted; ++i) node.items.push_back(node_of(items[i]));
}

MatNode node_of(const matvar_t* value) {
  MatNode node;
  if (value == nullptr) {
    node.kind = MatKind::kNumbers;
    node.dims = {0, 0};
    return node;
  }
  node.kind = kind_of(value->class_type);
  node.dims = dims_of(*value);
  node.is_complex = value->isComplex != 0;
  if (node.kind == MatKind::kStruct) {
    const unsigned count = Mat_VarGetNumberOfFields(const_cast<matvar_t*>(value));
    char* const* names = Mat_VarGetStructFieldnames(value);
    for (unsigned i = 0; i < count; ++i) node.fields.emplace_back(names[i]);
    add_items(*value, count, node);
  } else if (node.kind == MatKind::kCell) {
    add_items(*value, 1, node);
  } else if (node.kind != MatKind::kOther && !node.is_complex) {
    if (node.kind == MatKind::kNumbers) {
      node.type = number_type(value->class_type);
    } else {
      node.type = value->data_type == MAT_T_UTF8 ? MatType::kUtf8
                  : value->data_size == 2        ? MatType::kU16
                                                 : MatType::kU8;
    }
    const std::size_t needed = static_cast<std::size_t>(numel(node.dims)) * size_of(node.type);
    if (value->data == nullptr || (needed > value->nbytes && node.type != MatType::kUtf8)) {
      require(needed == 0, ErrorCode::kDataCorrupt, "an array of {} bytes has {}", needed,
              value->data == nullptr ? 0 : value->nbytes);
      return node;
    }
    node.data = {static_cast<const std::byte*>(value->data),
                 node.type == MatType::kUtf8 ? value->nbytes : needed};
  }
  return node;
}

}  // namespace

std::vector<MatVariable> mat73_variables(const std::filesystem::path& path) {
  const std::scoped_lock lock(matio_mutex());
  const Handle handle = open_handle(path);
  std::vector<MatVariable> variables;
  while (matvar_t* info = Mat_VarReadNextInfo(handle.get())) {
    const std::unique_ptr<matvar_t, void (*)(matvar_t*)> guard(info, Mat_VarFree);
    if (info->name == nullptr || *info->name == '\0') continue;
    variables.push_back({info->name, dims_of(*info), kind_of(info->class_type)});
  }
  return variables;
}

std::shared_ptr<const MatRoot> mat73_read(const std::filesystem::path& path,
                                          const std::string& name) {
  const std::scoped_lock lock(matio_mutex());
  const Handle handle = open_handle(path);
  const std::shared_ptr<matvar_t> value(Mat_VarRead(handle.get(), name.c_str()), [](matvar_t* var) {
    if (var != nullptr) Mat_VarFree(var);
  });
  require(value != nullptr, ErrorCode::kDataCorrupt, "variable '{}' cannot be read: damaged", name);
  auto root = std::make_shared<MatRoot>();
  root->node = node_of(value.get());
  root->owner = value;
  return root;
}

}  // namespace nest::io
