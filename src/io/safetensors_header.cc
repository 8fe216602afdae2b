#include "io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>

#include "io/bytes.h"
#include "nest/core/config.h"
#include "nest/core/json.h"

namespace nest::io {
namespace {

struct Row {
  DType dtype;
  std::string_view name;
};
constexpr std::array<Row, 10> kRows{{{DType::kF32, "F32"},
                                     {DType::kF64, "F64"},
                                     {DType::kF16, "F16"},
                                     {DType::kBF16, "BF16"},
                                     {DType::kI8, "I8"},
                                     {DType::kU8, "U8"},
                                     {DType::kI16, "I16"},
                                     {DType::kI32, "I32"},
                                     {DType::kI64, "I64"},
                                     {DType::kBool, "BOOL"}}};

/// Types of the format that are not computed with, and their bits.
struct ForeignType {
  std::string_view name;
  std::uint64_t bits;
};
constexpr ForeignType kForeignTypes[] = {
    {"U16", 16},    {"U32", 32},    {"U64", 64},    {"C64", 64},    {"F8_E4M3", 8},
    {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F4", 4}};

std::optional<DType> dtype_of_name(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

/// 0 for a type that is not known here; then the range of its data says how long it is.
std::uint64_t bits_of(const SafetensorsEntry& entry) {
  if (entry.dtype) return 8 * size_of(*entry.dtype);
  for (const ForeignType& type : kForeignTypes) {
    if (type.name == entry.type) return type.bits;
  }
  return 0;
}

std::uint64_t as_size(const Json& value, std::string_view what) {
  require(value.is_number_unsigned(), ErrorCode::kDataCorrupt, "{} is not a whole number", what);
  return value.get<std::uint64_t>();
}

SafetensorsEntry parse_entry(const std::string& name, const Json& json) {
  require(json.is_object() && json.size() == 3 && json.contains("dtype") &&
              json.contains("shape") && json.contains("data_offsets"),
          ErrorCode::kDataCorrupt, "expected exactly dtype, shape and data_offsets");
  const Json& dtype = json["dtype"];
  const Json& shape = json["shape"];
  const Json& offsets = json["data_offsets"];
  require(dtype.is_string() && shape.is_array() && offsets.is_array() && offsets.size() == 2,
          ErrorCode::kDataCorrupt, "dtype, shape or data_offsets has a wrong type");
  SafetensorsEntry entry;
  entry.name = name;
  entry.type = dtype.get<std::string>();
  entry.dtype = dtype_of_name(entry.type);
  require(shape.size() <= 64, ErrorCode::kDataCorrupt, "more than 64 axes");
  for (const Json& dim : shape) {
    const std::uint64_t size = as_size(dim, "a dimension");
    require(size <= std::uint64_t{1} << 62, ErrorCode::kDataCorrupt, "dimension {} is too large",
            size);
    entry.shape.push_back(static_cast<std::int64_t>(size));
  }
  entry.begin = as_size(offsets[0], "a data offset");
  entry.end = as_size(offsets[1], "a data offset");
  return entry;
}

std::uint64_t bytes_of(const SafetensorsEntry& entry) {
  try {
    const auto count = static_cast<std::uint64_t>(numel(entry.shape));
    require(count <= std::uint64_t{1} << 59, ErrorCode::kDataCorrupt, "shape {} is too large",
            to_string(entry.shape));
    const std::uint64_t bits = bits_of(entry);
    if (bits == 0) return entry.end - entry.begin;
    // 2^59 elements of 64 bits are 2^62 bytes; elements below a byte fill whole bytes together
    return bits >= 8 ? count * (bits / 8) : count / 8 * bits + (count % 8 * bits + 7) / 8;
  } catch (const Error& error) {
    fail(ErrorCode::kDataCorrupt, "{}", error.message());
  }
}

/// Data must be covered from the first to the last byte, by each tensor once.
void check_layout(std::vector<SafetensorsEntry>& entries, std::optional<std::uint64_t> data_size) {
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  const std::uint64_t holds = data_size.value_or(std::numeric_limits<std::uint64_t>::max());
  std::uint64_t expected = 0;
  for (const SafetensorsEntry& entry : entries) {
    with_context(fmt::format("tensor '{}'", printable(entry.name, 200)), [&] {
      require(entry.begin == expected, ErrorCode::kDataCorrupt,
              "its data begins at byte {}, expected {} ({})", entry.begin, expected,
              entry.begin < expected ? "overlap" : "gap");
      require(entry.end >= entry.begin && entry.end - entry.begin == bytes_of(entry),
              ErrorCode::kDataCorrupt, "data_offsets [{}, {}] do not fit shape {} of {}",
              entry.begin, entry.end, to_string(entry.shape), printable(entry.type));
      require(entry.end <= holds, ErrorCode::kDataCorrupt,
              "truncated: its data ends at byte {}, the file holds {}", entry.end, holds);
    });
    expected = entry.end;
  }
  if (!data_size) return;
  require(expected == holds, ErrorCode::kDataCorrupt, "{} bytes behind the last tensor",
          holds - expected);
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text,
                                           std::optional<std::uint64_t> data_size) {
  const Json json = parse_json(text, "header");
  require(json.is_object(), ErrorCode::kDataCorrupt, "the header is not a JSON object");
  SafetensorsHeader header;
  for (const auto& [key, value] : json.items()) {
    if (key == "__metadata__") {
      require(value.is_object(), ErrorCode::kDataCorrupt, "__metadata__ is not a JSON object");
      for (const auto& [name, item] : value.items()) {
        require(item.is_string(), ErrorCode::kDataCorrupt, "metadata '{}' is not a text",
                printable(name));
        header.metadata.emplace(name, item.get<std::string>());
      }
    } else {
      with_context(fmt::format("tensor '{}'", printable(key, 200)),
                   [&] { header.entries.push_back(parse_entry(key, value)); });
    }
  }
  check_layout(header.entries, data_size);
  return header;
}

std::string_view safetensors_dtype(DType dtype) {
  for (const Row& row : kRows) {
    if (row.dtype == dtype) return row.name;
  }
  fail(ErrorCode::kInternal, "unknown element type {}", static_cast<int>(dtype));
}

}  // namespace nest::io
