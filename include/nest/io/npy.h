#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>

#include "nest/core/tensor.h"

namespace nest::io {

/// What the header of a NumPy array file says.
struct NpyHeader {
  DType dtype = DType::kF32;
  Shape shape;
  bool is_fortran_order = false;
  bool is_byte_swapped = false;
  std::size_t data_offset = 0;  ///< of the first element, from the start of the file
};

/// Reads the header of an .npy file (format 1.0, 2.0, 3.0) and checks it against `file.size()`.
///
/// Errors: DataCorrupt for a bad magic, header or length; Unsupported for element types that
/// DType does not have (complex, structured, objects, strings, unsigned above 8 bit).
NpyHeader parse_npy_header(std::span<const std::byte> file);

/// The array of an .npy image in memory, as a row-major native-endian copy. Errors: as the header.
Tensor parse_npy(std::span<const std::byte> file);

/// Reads a whole array into own memory. Errors: NotFound, Io, DataCorrupt, Unsupported.
Tensor read_npy(const std::filesystem::path& path);

/// An .npy file whose rows are read on demand from a memory map: any size opens at once.
///
/// State: immutable, safe to share between threads.
class NpyFile {
 public:
  /// Errors: NotFound, Io, DataCorrupt, Unsupported.
  static NpyFile open(const std::filesystem::path& path);
  /// The same from an .npy image in memory, which `owner` keeps alive; `name` is for messages.
  static NpyFile from_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                            std::string name);

  DType dtype() const { return header_.dtype; }
  const Shape& shape() const { return header_.shape; }
  const NpyHeader& header() const { return header_; }

  /// Elements [begin, end) of the first axis. A read-only view of the map if the file is row-major,
  /// native-endian and aligned (what NumPy writes), else a copy.
  /// Errors: InvalidArgument if the range is not within the first axis or the array has rank 0.
  Tensor rows(std::int64_t begin, std::int64_t end) const;
  /// The whole array, as rows() gives it.
  Tensor all() const;

 private:
  NpyHeader header_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  std::string name_;
};

/// Writes format 1.0, little-endian, row-major, data aligned to 64 bytes; atomic on a path.
/// bfloat16, which NumPy does not have, is written as float32 (no value changes).
void write_npy(const std::filesystem::path& path, const Tensor& tensor);
void write_npy(std::ostream& out, const Tensor& tensor);
/// The header alone; the caller writes the elements after it, row by row. Not for bfloat16.
void write_npy_header(std::ostream& out, DType dtype, const Shape& shape);

/// All arrays of an .npz archive by name (without ".npy").
/// Errors: NotFound, Io, DataCorrupt, Unsupported.
TensorMap read_npz(const std::filesystem::path& path);
/// Writes an uncompressed .npz that numpy.load reads; atomic.
void write_npz(const std::filesystem::path& path, const TensorMap& arrays);

}  // namespace nest::io
