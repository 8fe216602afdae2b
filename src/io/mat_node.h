#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/departures.h"
#include "nest/core/tensor.h"
#include "nest/io/byte_source.h"

namespace nest::io {

enum class MatKind : std::uint8_t { kNumbers, kText, kStruct, kCell, kOther };

/// How elements are stored; a double array may be stored as small integers.
enum class MatType : std::uint8_t {
  kI8,
  kU8,
  kI16,
  kU16,
  kI32,
  kU32,
  kF32,
  kF64,
  kI64,
  kU64,
  kUtf8
};
std::size_t size_of(MatType type);

/// A value of a MATLAB file. Its elements lie in a buffer that the root of the tree keeps alive.
struct MatNode {
  MatKind kind = MatKind::kOther;
  MatType type = MatType::kF64;
  bool is_complex = false;
  bool is_swapped = false;  ///< elements are in the other byte order
  Shape dims;
  std::span<const std::byte> data;  ///< real part; exactly numel(dims) elements unless UTF-8
  std::vector<std::string> fields;
  /// Of a struct array: every field of element 0, every field of element 1, ...; of a cell array
  /// its elements.
  std::vector<MatNode> items;
};

/// The tree with what it points into.
struct MatRoot {
  MatNode node;
  std::shared_ptr<const void> owner;
};

/// Where a variable stands and what it is.
struct MatVariable {
  std::string name;
  Shape dims;
  MatKind kind = MatKind::kOther;
  std::uint64_t offset = 0;  ///< of its element (version 5)
};

inline constexpr int kMatMaxDepth = 32;
inline constexpr std::size_t kMatMaxNodes = std::size_t{1} << 22;
/// Bytes a variable may expand to: as in ZIP archives, 64 MiB or 32 times the file.
inline std::uint64_t mat_most_bytes(std::uint64_t file_bytes) {
  return std::max(std::uint64_t{64} << 20, 32 * file_bytes);
}

/// Version 5, 6 and 7 files (MathWorks, "MAT-File Format", R2019b, chapter 1), read here.
bool is_mat5(const ByteSource& file);
/// A variable that is damaged inside is a departure. Errors: DataCorrupt naming the byte where the
/// file is cut off.
std::vector<MatVariable> mat5_variables(const ByteSource& file, Departures& departures);
/// Only these fields of structs, at any depth; none given: all.
std::shared_ptr<const MatRoot> mat5_read(const ByteSource& file, const MatVariable& variable,
                                         const std::vector<std::string>& fields);

/// Version 7.3 files, read through HDF5. Errors: DataCorrupt.
std::vector<MatVariable> mat73_variables(const std::filesystem::path& path, Departures& departures);
std::shared_ptr<const MatRoot> mat73_read(const std::filesystem::path& path,
                                          const std::string& name,
                                          const std::vector<std::string>& fields);

}  // namespace nest::io
