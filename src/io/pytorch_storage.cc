#include "io/pytorch_storage.h"

#include <limits>

#include "io/bytes.h"

namespace nest::io {
namespace {

/// Number of storage elements that shape and strides reach over, or fails.
std::int64_t extent_of(const Shape& shape, const Shape& strides, std::int64_t offset) {
  require(shape.size() == strides.size() && offset >= 0, ErrorCode::kDataCorrupt,
          "shape {}, strides {} and offset {} do not fit together", to_string(shape),
          to_string(strides), offset);
  __int128 last = offset;
  bool is_empty = false;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    require(shape[axis] >= 0 && strides[axis] >= 0, ErrorCode::kDataCorrupt,
            "negative shape {} or strides {}", to_string(shape), to_string(strides));
    is_empty = is_empty || shape[axis] == 0;
    if (shape[axis] > 0) last += static_cast<__int128>(shape[axis] - 1) * strides[axis];
    require(last < std::numeric_limits<std::int64_t>::max(), ErrorCode::kDataCorrupt,
            "shape {} with strides {} overflows", to_string(shape), to_string(strides));
  }
  if (is_empty) return 0;
  return static_cast<std::int64_t>(last) + 1;
}

bool is_contiguous(const Shape& shape, const Shape& strides) {
  std::int64_t expected = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] != 1 && strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

std::int64_t checked_numel(const Shape& shape) {
  try {
    return numel(shape);
  } catch (const Error& error) {
    fail(ErrorCode::kDataCorrupt, "{}", error.message());
  }
}

void gather_items(const std::byte* from, std::byte* to, const Shape& shape, const Shape& strides,
                  std::int64_t count, std::size_t item) {
  Shape index(shape.size(), 0);
  std::int64_t source = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(to + static_cast<std::size_t>(i) * item,
                from + static_cast<std::size_t>(source) * item, item);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      source += strides[axis];
      if (++index[axis] < shape[axis]) break;
      source -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

StorageReader::StorageReader(const ZipReader& zip, std::string prefix, std::uint64_t file_size,
                             bool verify_checksums)
    : zip_(zip),
      prefix_(std::move(prefix)),
      verify_checksums_(verify_checksums),
      copy_budget_((std::uint64_t{64} << 20) + 2 * file_size) {}

const StorageReader::Storage& StorageReader::storage(const pickle::Node& node) {
  const auto known = storages_.find(node.text);
  if (known != storages_.end()) return known->second;
  const ZipEntry& entry = zip_.at(prefix_ + "data/" + std::string(node.text));
  Storage storage;
  storage.bytes = entry.size;
  if (entry.is_deflated) {
    auto content =
        std::make_shared<Tensor>(DType::kU8, Shape{static_cast<std::int64_t>(entry.size)});
    zip_.read_into(entry, {static_cast<std::byte*>(content->mutable_raw()), entry.size});
    storage.data = static_cast<const std::byte*>(content->raw());
    storage.owner = content;
  } else {
    if (verify_checksums_) zip_.check_crc(entry);
    storage.data = zip_.mapped(entry).data();
    storage.owner = zip_.owner();
  }
  return storages_.emplace(std::string(node.text), std::move(storage)).first->second;
}

Tensor StorageReader::gather(const Storage& storage, DType dtype, const Shape& shape,
                             const Shape& strides, std::int64_t offset) {
  const auto bytes = static_cast<std::uint64_t>(numel(shape)) * size_of(dtype);
  require(bytes <= copy_budget_, ErrorCode::kDataCorrupt,
          "strided tensors would expand far beyond the size of the file; save contiguous tensors");
  copy_budget_ -= bytes;
  Tensor tensor(dtype, shape);
  auto* to = static_cast<std::byte*>(tensor.mutable_raw());
  gather_items(storage.data + static_cast<std::size_t>(offset) * size_of(dtype), to, shape, strides,
               tensor.numel(), size_of(dtype));
  if (dtype == DType::kBool) {
    for (std::size_t i = 0; i < tensor.nbytes(); ++i) to[i] = std::byte{to[i] != std::byte{0}};
  }
  return tensor;
}

Tensor StorageReader::tensor(const pickle::Pickle& pickle, const pickle::Node& node) {
  const pickle::Node& source = pickle[node.items[0]];
  const std::int64_t offset = pickle[node.items[1]].integer;
  Shape shape, strides;
  for (const pickle::Id id : pickle[node.items[2]].items) shape.push_back(pickle[id].integer);
  for (const pickle::Id id : pickle[node.items[3]].items) strides.push_back(pickle[id].integer);
  const Storage& from = storage(source);
  const std::size_t item = size_of(source.dtype);
  const std::uint64_t held = from.bytes / item;
  require(static_cast<std::uint64_t>(source.integer) == held && from.bytes % item == 0,
          ErrorCode::kDataCorrupt, "storage '{}' should hold {} elements of {}, it has {} bytes",
          printable(source.text), source.integer, nest::name_of(source.dtype), from.bytes);
  const std::int64_t extent = extent_of(shape, strides, offset);
  require(static_cast<std::uint64_t>(extent) <= held, ErrorCode::kDataCorrupt,
          "shape {} at offset {} with strides {} leaves its storage of {} elements",
          to_string(shape), offset, to_string(strides), held);
  const std::int64_t count = checked_numel(shape);
  if (count == 0) return Tensor(source.dtype, shape);
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) strides[axis] = 0;  // never stepped over, and may be any number
  }
  const std::byte* data = from.data + static_cast<std::size_t>(offset) * item;
  const std::size_t bytes = static_cast<std::size_t>(count) * item;
  if (is_contiguous(shape, strides) && from.owner != nullptr &&
      is_mappable(data, bytes, item, source.dtype == DType::kBool)) {
    return Tensor::view(source.dtype, shape, data, from.owner);
  }
  return gather(from, source.dtype, shape, strides, offset);
}

}  // namespace nest::io
