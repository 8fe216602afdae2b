#include <algorithm>
#include <deque>
#include <mutex>

#include <hdf5.h>

#include "io/mat_node.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

// HDF5 is not reentrant.
std::mutex& hdf5_mutex() {
  static std::mutex mutex;
  return mutex;
}

// An HDF5 identifier, closed at the end.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), std::string_view what) : id_(id), close_(close) {
    require(id >= 0, ErrorCode::kDataCorrupt, "HDF5 cannot open {}: the file is damaged", what);
  }
  ~Handle() { close_(id_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

std::string class_of(hid_t object) {
  if (H5Aexists(object, "MATLAB_class") <= 0) return "";
  const Handle attribute(H5Aopen(object, "MATLAB_class", H5P_DEFAULT), H5Aclose, "an attribute");
  const Handle type(H5Aget_type(attribute), H5Tclose, "a type");
  const std::size_t size = H5Tget_size(type);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || size > 64) return "";
  std::string name(size + 1, '\0');
  if (H5Aread(attribute, type, name.data()) < 0) return "";
  return name.substr(0, name.find('\0'));
}

std::vector<std::string> links_of(hid_t group) {
  std::vector<std::string> names;
  hsize_t at = 0;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  require(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &at, add, &names) >= 0,
          ErrorCode::kDataCorrupt, "HDF5 cannot list a group: the file is damaged");
  return names;
}

// MATLAB's dimensions are HDF5's backwards.
Shape dims_of(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose, "a data space");
  const int rank = H5Sget_simple_extent_ndims(space);
  require(rank >= 0 && rank <= 32, ErrorCode::kDataCorrupt, "an array of {} dimensions", rank);
  std::vector<hsize_t> sizes(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
  Shape dims;
  std::int64_t count = 1;
  for (auto size = sizes.rbegin(); size != sizes.rend(); ++size) {
    require(*size == 0 || *size <= static_cast<hsize_t>((std::int64_t{1} << 48) / count),
            ErrorCode::kDataCorrupt, "a dimension of an array is impossible: {}", *size);
    dims.push_back(static_cast<std::int64_t>(*size));
    count = std::max<std::int64_t>(1, count * dims.back());
  }
  while (dims.size() < 2) dims.push_back(1);
  return dims;
}

struct NumberClass {
  std::string_view name;
  MatType type;
  hid_t (*memory)();
};
const NumberClass* number_class(std::string_view name) {
  static const NumberClass classes[] = {
      {"double", MatType::kF64, [] { return H5T_NATIVE_DOUBLE; }},
      {"single", MatType::kF32, [] { return H5T_NATIVE_FLOAT; }},
      {"int8", MatType::kI8, [] { return H5T_NATIVE_INT8; }},
      {"uint8", MatType::kU8, [] { return H5T_NATIVE_UINT8; }},
      {"logical", MatType::kU8, [] { return H5T_NATIVE_UINT8; }},
      {"int16", MatType::kI16, [] { return H5T_NATIVE_INT16; }},
      {"uint16", MatType::kU16, [] { return H5T_NATIVE_UINT16; }},
      {"char", MatType::kU16, [] { return H5T_NATIVE_UINT16; }},
      {"int32", MatType::kI32, [] { return H5T_NATIVE_INT32; }},
      {"uint32", MatType::kU32, [] { return H5T_NATIVE_UINT32; }},
      {"int64", MatType::kI64, [] { return H5T_NATIVE_INT64; }},
      {"uint64", MatType::kU64, [] { return H5T_NATIVE_UINT64; }},
  };
  const auto found = std::find_if(std::begin(classes), std::end(classes),
                                  [&](const NumberClass& c) { return c.name == name; });
  return found == std::end(classes) ? nullptr : found;
}

H5T_class_t element_class(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose, "a type");
  return H5Tget_class(type);
}

MatKind kind_of(hid_t object) {
  const std::string name = class_of(object);
  if (H5Iget_type(object) == H5I_GROUP) {
    return name == "struct" ? MatKind::kStruct : MatKind::kOther;
  }
  if (name == "cell") return MatKind::kCell;
  if (name == "char") return MatKind::kText;
  if (name == "struct") return MatKind::kStruct;  // an empty one
  return number_class(name) != nullptr ? MatKind::kNumbers : MatKind::kOther;
}

using Buffers = std::deque<std::vector<std::byte>>;

class Mat73Reader {
 public:
  Mat73Reader(hid_t file, std::uint64_t most_bytes, const std::vector<std::string>& fields)
      : file_(file), left_(most_bytes), keep_(fields) {}

  MatNode value(hid_t object, int depth) {
    require(depth < kMatMaxDepth, ErrorCode::kDataCorrupt, "values nest deeper than {}",
            kMatMaxDepth);
    require(++nodes_ <= kMatMaxNodes, ErrorCode::kDataCorrupt, "more than {} values", kMatMaxNodes);
    MatNode node;
    node.kind = kind_of(object);
    if (H5Iget_type(object) == H5I_GROUP) {
      node.dims = {1, 1};
      if (node.kind == MatKind::kStruct) read_struct(object, node, depth);
    } else if (H5Iget_type(object) == H5I_DATASET) {
      if (H5Aexists(object, "MATLAB_empty") > 0) {
        node.dims = {0, 0};
      } else {
        node.dims = dims_of(object);
        read_dataset(object, node, depth);
      }
    }
    return node;
  }
  const std::shared_ptr<Buffers>& buffers() const { return buffers_; }

 private:
  // Fields of one struct are its members; of a struct array they are arrays of references without a
  // class of their own.
  void read_struct(hid_t group, MatNode& node, int depth) {
    std::vector<std::vector<hobj_ref_t>> columns;
    for (const std::string& name : links_of(group)) {
      if (!keep_.empty() && std::find(keep_.begin(), keep_.end(), name) == keep_.end()) continue;
      const Handle member(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose, name);
      const bool is_column = H5Iget_type(member) == H5I_DATASET && class_of(member).empty() &&
                             element_class(member) == H5T_REFERENCE;
      require(is_column == !columns.empty() || node.fields.empty(), ErrorCode::kDataCorrupt,
              "field '{}' does not fit the struct's other fields", name);
      node.fields.push_back(name);
      if (!is_column) {
        node.items.push_back(value(member, depth + 1));
        continue;
      }
      if (columns.empty()) node.dims = dims_of(member);
      columns.push_back(references(member));
      require(columns.back().size() == columns.front().size(), ErrorCode::kDataCorrupt,
              "field '{}' has {} elements, the field before {}", name, columns.back().size(),
              columns.front().size());
    }
    if (columns.empty()) return;
    for (std::size_t i = 0; i < columns.front().size(); ++i) {
      for (const auto& column : columns) node.items.push_back(referred(column[i], depth));
    }
  }

  void read_dataset(hid_t dataset, MatNode& node, int depth) {
    if (node.kind == MatKind::kCell) {
      require(element_class(dataset) == H5T_REFERENCE, ErrorCode::kDataCorrupt,
              "a cell array holds no references");
      for (const hobj_ref_t reference : references(dataset)) {
        node.items.push_back(referred(reference, depth));
      }
      return;
    }
    const NumberClass* numbers = number_class(class_of(dataset));
    if (numbers == nullptr) return;
    const H5T_class_t stored = element_class(dataset);
    node.is_complex = stored == H5T_COMPOUND;
    if (node.is_complex || nest::numel(node.dims) == 0) return;
    require(stored == H5T_INTEGER || stored == H5T_FLOAT, ErrorCode::kDataCorrupt,
            "numbers of class {} are stored as something else", numbers->name);
    node.type = numbers->type;
    auto& bytes = buffer(static_cast<std::uint64_t>(nest::numel(node.dims)) * size_of(node.type));
    require(H5Dread(dataset, numbers->memory(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) >= 0,
            ErrorCode::kDataCorrupt, "HDF5 cannot read an array of {} bytes: the file is damaged",
            bytes.size());
    node.data = bytes;
  }

  std::vector<hobj_ref_t> references(hid_t dataset) {
    const auto count = static_cast<std::uint64_t>(nest::numel(dims_of(dataset)));
    require(count <= kMatMaxNodes, ErrorCode::kDataCorrupt, "{} references", count);
    std::vector<hobj_ref_t> list(count);
    require(count == 0 ||
                H5Dread(dataset, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, list.data()) >= 0,
            ErrorCode::kDataCorrupt, "HDF5 cannot read {} references: the file is damaged", count);
    return list;
  }

  MatNode referred(hobj_ref_t reference, int depth) {
    const Handle object(H5Rdereference2(file_, H5P_DEFAULT, H5R_OBJECT, &reference), H5Oclose,
                        "what a reference points to");
    return value(object, depth + 1);
  }

  std::vector<std::byte>& buffer(std::uint64_t bytes) {
    require(bytes <= left_, ErrorCode::kDataCorrupt,
            "an array of {} bytes is not believed of a file of this size", bytes);
    left_ -= bytes;
    return buffers_->emplace_back(static_cast<std::size_t>(bytes));
  }

  hid_t file_;
  std::uint64_t left_;
  const std::vector<std::string>& keep_;
  std::size_t nodes_ = 0;
  std::shared_ptr<Buffers> buffers_ = std::make_shared<Buffers>();
};

hid_t open_file(const std::filesystem::path& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are ours to report
  return H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
}

}  // namespace

std::vector<MatVariable> mat73_variables(const std::filesystem::path& path,
                                         Departures& departures) {
  const std::scoped_lock lock(hdf5_mutex());
  const Handle file(open_file(path), H5Fclose, "the file");
  std::vector<MatVariable> variables;
  for (const std::string& name : links_of(file)) {
    if (name.starts_with("#")) continue;  // MATLAB's own
    try {
      const Handle object(H5Oopen(file, name.c_str(), H5P_DEFAULT), H5Oclose, name);
      const bool is_dataset = H5Iget_type(object) == H5I_DATASET;
      variables.push_back({name, is_dataset ? dims_of(object) : Shape{1, 1}, kind_of(object)});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kDataCorrupt) throw;
      departures.add("variable left out",
                     fmt::format("{}: {}", utf8_or_latin1(name), error.what()));
    }
  }
  return variables;
}

std::shared_ptr<const MatRoot> mat73_read(const std::filesystem::path& path,
                                          const std::string& name,
                                          const std::vector<std::string>& fields) {
  const std::uint64_t most = mat_most_bytes(std::filesystem::file_size(path));
  const std::scoped_lock lock(hdf5_mutex());
  const Handle file(open_file(path), H5Fclose, "the file");
  const Handle object(H5Oopen(file, name.c_str(), H5P_DEFAULT), H5Oclose, name);
  Mat73Reader reader(file, most, fields);
  auto root = std::make_shared<MatRoot>();
  root->node = reader.value(object, 0);
  root->owner = reader.buffers();
  return root;
}

}  // namespace nest::io
