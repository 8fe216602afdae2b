#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "nest/core/error.h"

namespace nest::io {

static_assert(std::endian::native == std::endian::little, "files are little-endian in memory");

/// Little-endian number at `offset`. Errors: DataCorrupt naming `what` if the bytes end before.
template <class T>
T load_le(std::span<const std::byte> bytes, std::size_t offset, std::string_view what) {
  require(offset <= bytes.size() && bytes.size() - offset >= sizeof(T), ErrorCode::kDataCorrupt,
          "truncated: {} needs {} bytes at offset {}, there are {} bytes in all", what, sizeof(T),
          offset, bytes.size());
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// `count` bytes at `offset`. Errors: DataCorrupt naming `what` if the bytes end before.
inline std::span<const std::byte> slice(std::span<const std::byte> bytes, std::size_t offset,
                                        std::size_t count, std::string_view what) {
  require(offset <= bytes.size() && bytes.size() - offset >= count, ErrorCode::kDataCorrupt,
          "truncated: {} needs {} bytes at offset {}, there are {} bytes in all", what, count,
          offset, bytes.size());
  return bytes.subspan(offset, count);
}

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::byte> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// Foreign text for an error message: printable ASCII only, at most `limit` characters.
inline std::string printable(std::string_view text, std::size_t limit = 60) {
  std::string out;
  for (const char c : text.substr(0, limit)) out += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > limit) out += "...";
  return out;
}

/// True if a tensor may point at `data` instead of copying it: aligned for its elements, and for
/// bool every byte is 0 or 1 (anything else is undefined behaviour as a C++ bool).
inline bool is_mappable(const std::byte* data, std::size_t count, std::size_t item, bool is_bool) {
  if (reinterpret_cast<std::uintptr_t>(data) % item != 0) return false;
  return !is_bool || std::all_of(data, data + count, [](std::byte b) { return b <= std::byte{1}; });
}

}  // namespace nest::io
