#pragma once

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

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< in the order of their data
  std::map<std::string, std::string, std::less<>> metadata;
};

/// Parses the JSON header and checks the entries against `data_size` bytes of data.
/// Errors: DataCorrupt, Unsupported.
SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t data_size);

/// "F32", "BF16", ...
std::string_view safetensors_dtype(DType dtype);

}  // namespace nest::io
