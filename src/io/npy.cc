#include "nest/io/npy.h"

#include <algorithm>
#include <ostream>

#include "io/bytes.h"
#include "nest/core/file.h"

namespace nest::io {
namespace {

/// Copies `count` items of `item` bytes, reversing the bytes of each if asked.
void copy_items(const std::byte* from, std::byte* to, std::size_t count, std::size_t item,
                bool swap) {
  if (count == 0) return;
  if (!swap) {
    std::memcpy(to, from, count * item);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::reverse_copy(from + i * item, from + (i + 1) * item, to + i * item);
  }
}

/// Column-major source, row-major result: the index runs like an odometer over the result.
void copy_transposed(const std::byte* from, std::byte* to, const Shape& shape, std::size_t item,
                     bool swap) {
  const std::size_t rank = shape.size();
  Shape stride(rank), index(rank, 0);
  std::int64_t step = 1;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    stride[axis] = step;
    step *= shape[axis];
  }
  std::int64_t source = 0;
  for (std::int64_t i = 0; i < step; ++i) {
    copy_items(from + static_cast<std::size_t>(source) * item,
               to + static_cast<std::size_t>(i) * item, 1, item, swap);
    for (std::size_t axis = rank; axis-- > 0;) {
      source += stride[axis];
      if (++index[axis] < shape[axis]) break;
      source -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

void normalise_bools(Tensor& tensor) {
  if (tensor.dtype() != DType::kBool) return;
  auto* bytes = static_cast<std::uint8_t*>(tensor.mutable_raw());
  for (std::size_t i = 0; i < tensor.nbytes(); ++i) bytes[i] = bytes[i] != 0;
}

Tensor copy_of(const NpyHeader& header, const std::byte* data, const Shape& shape) {
  Tensor tensor(header.dtype, shape);
  auto* to = static_cast<std::byte*>(tensor.mutable_raw());
  const std::size_t item = size_of(header.dtype);
  if (header.is_fortran_order && shape.size() > 1) {
    copy_transposed(data, to, shape, item, header.is_byte_swapped);
  } else {
    copy_items(data, to, static_cast<std::size_t>(tensor.numel()), item, header.is_byte_swapped);
  }
  normalise_bools(tensor);
  return tensor;
}

std::string_view descr_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
    case DType::kBF16:
      return "<f4";
    case DType::kF64:
      return "<f8";
    case DType::kF16:
      return "<f2";
    case DType::kI8:
      return "|i1";
    case DType::kU8:
      return "|u1";
    case DType::kI16:
      return "<i2";
    case DType::kI32:
      return "<i4";
    case DType::kI64:
      return "<i8";
    case DType::kBool:
      return "|b1";
  }
  fail(ErrorCode::kInternal, "unknown element type {}", static_cast<int>(dtype));
}

}  // namespace

Tensor parse_npy(std::span<const std::byte> file) {
  const NpyHeader header = parse_npy_header(file);
  return copy_of(header, file.data() + header.data_offset, header.shape);
}

Tensor read_npy(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return with_context(path.string(), [&] { return parse_npy(file->bytes()); });
}

NpyFile NpyFile::open(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return with_context(path.string(),
                      [&] { return from_bytes(file->bytes(), file, path.string()); });
}

NpyFile NpyFile::from_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                            std::string name) {
  NpyFile npy;
  npy.header_ = parse_npy_header(bytes);
  npy.bytes_ = bytes;
  npy.owner_ = std::move(owner);
  npy.name_ = std::move(name);
  return npy;
}

Tensor NpyFile::rows(std::int64_t begin, std::int64_t end) const {
  require(!shape().empty() && begin >= 0 && begin <= end && end <= shape()[0],
          ErrorCode::kInvalidArgument, "{}: rows [{}, {}) are not within shape {}", name_, begin,
          end, to_string(shape()));
  if (header_.is_fortran_order && shape().size() > 1) {
    const Tensor whole = all();
    const std::size_t row =
        whole.nbytes() / static_cast<std::size_t>(std::max<std::int64_t>(shape()[0], 1));
    Shape part = shape();
    part[0] = end - begin;
    Tensor out(dtype(), part);
    if (!out.empty()) {
      std::memcpy(
          out.mutable_raw(),
          static_cast<const std::byte*>(whole.raw()) + static_cast<std::size_t>(begin) * row,
          out.nbytes());
    }
    return out;
  }
  Shape part = shape();
  part[0] = 1;
  const std::size_t item = size_of(dtype());
  const std::size_t row = static_cast<std::size_t>(numel(part)) * item;
  part[0] = end - begin;
  const std::byte* data =
      bytes_.data() + header_.data_offset + static_cast<std::size_t>(begin) * row;
  const std::size_t bytes = static_cast<std::size_t>(end - begin) * row;
  if (!header_.is_byte_swapped && is_mappable(data, bytes, item, dtype() == DType::kBool)) {
    return Tensor::view(dtype(), part, data, owner_);
  }
  return copy_of(header_, data, part);
}

Tensor NpyFile::all() const {
  const std::byte* data = bytes_.data() + header_.data_offset;
  const std::size_t item = size_of(dtype());
  const std::size_t bytes = static_cast<std::size_t>(numel(shape())) * item;
  const bool is_in_order = !header_.is_fortran_order || shape().size() < 2;
  if (is_in_order && !header_.is_byte_swapped &&
      is_mappable(data, bytes, item, dtype() == DType::kBool)) {
    return Tensor::view(dtype(), shape(), data, owner_);
  }
  return copy_of(header_, data, shape());
}

void write_npy_header(std::ostream& out, DType dtype, const Shape& shape) {
  std::string dims;
  for (const std::int64_t dim : shape) dims += fmt::format("{}, ", dim);
  if (shape.size() > 1) dims.resize(dims.size() - 2);
  if (shape.size() == 1) dims.pop_back();
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                 descr_of(dtype), dims);
  const std::size_t length = (10 + text.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  text.append(length - 10 - text.size() - 1, ' ');
  text += '\n';
  const auto size = static_cast<std::uint16_t>(text.size());
  out.write("\x93NUMPY\x01\x00", 8);
  out.write(reinterpret_cast<const char*>(&size), 2);
  out << text;
}

void write_npy(std::ostream& out, const Tensor& tensor) {
  const Tensor& stored = tensor.dtype() == DType::kBF16 ? tensor.to(DType::kF32) : tensor;
  write_npy_header(out, stored.dtype(), stored.shape());
  out.write(static_cast<const char*>(stored.raw()), static_cast<std::streamsize>(stored.nbytes()));
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  write_file_atomic(path, [&](std::ostream& out) { write_npy(out, tensor); });
}

}  // namespace nest::io
