#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/tensor.h"

namespace nest::io {

/// One tensor as the header of a safetensors file announces it.
struct SafetensorsEntry {
  std::string name;
  std::optional<DType> dtype;  ///< nothing if it is a type that is not computed with
  std::string type;            ///< as the file calls it
  Shape shape;
  std::uint64_t begin = 0;  ///< bytes from the start of the data section
  std::uint64_t end = 0;
};

constexpr std::size_t kLengthBytes = 8;  ///< of the header's length before it
constexpr std::uint64_t kMostHeader = std::uint64_t{16} << 20;  ///< bytes: some 100,000 tensors

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< in the order of their data
  std::map<std::string, std::string, std::less<>> metadata;
};

/// Parses the JSON header and checks the entries against `data_size` bytes of data; unset: against
/// each other alone. Errors: DataCorrupt, Unsupported.
SafetensorsHeader parse_safetensors_header(std::string_view json,
                                           std::optional<std::uint64_t> data_size);

/// "F32", "BF16", ...
std::string_view safetensors_dtype(DType dtype);

}  // namespace nest::io
