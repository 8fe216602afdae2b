#include "fieldtrip_wire.h"

#include <algorithm>
#include <cstring>

#include "nest/core/utf8.h"

namespace nest::stream::fieldtrip {
namespace {

template <class T>
double value_of(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

/// The protocol's types by their number.
struct Type {
  std::size_t bytes;
  double (*value)(const char*);
};
constexpr Type kTypes[] = {
    {1, value_of<char>},          {1, value_of<std::uint8_t>},  {2, value_of<std::uint16_t>},
    {4, value_of<std::uint32_t>}, {8, value_of<std::uint64_t>}, {1, value_of<std::int8_t>},
    {2, value_of<std::int16_t>},  {4, value_of<std::int32_t>},  {8, value_of<std::int64_t>},
    {4, value_of<float>},         {8, value_of<double>}};

}  // namespace

std::size_t type_bytes(std::uint32_t data_type) {
  return data_type < std::size(kTypes) ? kTypes[data_type].bytes : 0;
}

double value_at(const char* bytes, std::uint32_t data_type) {
  return kTypes[data_type].value(bytes);
}

std::vector<std::string> channel_names(std::span<const char> chunks) {
  std::vector<std::string> names;
  while (chunks.size() >= 8) {
    std::uint32_t type = 0, size = 0;
    std::memcpy(&type, chunks.data(), 4);
    std::memcpy(&size, chunks.data() + 4, 4);
    chunks = chunks.subspan(8);
    if (size > chunks.size()) break;
    std::span<const char> text = chunks.first(size);
    chunks = chunks.subspan(size);
    while (type == kChannelNames && !text.empty()) {
      const auto end = std::ranges::find(text, '\0');
      names.push_back(utf8_or_latin1(std::string(text.begin(), end)));
      if (end == text.end()) break;
      text = text.subspan(static_cast<std::size_t>(end - text.begin()) + 1);
    }
  }
  return names;
}

}  // namespace nest::stream::fieldtrip
