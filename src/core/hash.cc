#include "nest/core/hash.h"

#include <limits>

#include <zlib.h>

namespace nest {

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t seed) {
  uLong value = seed;
  while (!bytes.empty()) {
    const std::size_t count = std::min<std::size_t>(bytes.size(), std::size_t{1} << 30);
    value = ::crc32(value, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(count));
    bytes = bytes.subspan(count);
  }
  return static_cast<std::uint32_t>(value);
}

std::uint64_t fnv1a(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const std::byte b : bytes) {
    hash = (hash ^ static_cast<std::uint64_t>(b)) * 0x100000001b3ULL;
  }
  return hash;
}

std::uint64_t fnv1a(std::string_view text) {
  return fnv1a(std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace nest
