#include "nest/core/utf8.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "nest/core/error.h"

namespace nest {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kMarkUtf8 = "\xEF\xBB\xBF";
constexpr std::string_view kMarkUtf16Little = "\xFF\xFE";
constexpr std::string_view kMarkUtf16Big = "\xFE\xFF";
constexpr std::string_view kMarkUtf32Little("\xFF\xFE\0\0", 4);
constexpr std::string_view kMarkUtf32Big("\0\0\xFE\xFF", 4);

// Windows-1252 from 0x80 on.
constexpr std::array<char16_t, 32> kWindows = {
    0x20AC,       kReplacement, 0x201A, 0x0192, 0x201E, 0x2026,       0x2020, 0x2021,
    0x02C6,       0x2030,       0x0160, 0x2039, 0x0152, kReplacement, 0x017D, kReplacement,
    kReplacement, 0x2018,       0x2019, 0x201C, 0x201D, 0x2022,       0x2013, 0x2014,
    0x02DC,       0x2122,       0x0161, 0x203A, 0x0153, kReplacement, 0x017E, 0x0178};

struct Lead {
  std::size_t size = 0;  // bytes in all; 0: not a lead byte
  std::uint32_t bits = 0;
  std::uint32_t smallest = 0;  // code points below are overlong
};

Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, byte, 0};
  if ((byte & 0xe0) == 0xc0) return {2, byte & 0x1fu, 0x80};
  if ((byte & 0xf0) == 0xe0) return {3, byte & 0x0fu, 0x800};
  if ((byte & 0xf8) == 0xf0) return {4, byte & 0x07u, 0x10000};
  return {};
}

bool is_surrogate(std::uint32_t point) {
  return point >= 0xd800 && point <= 0xdfff;
}

// Bytes of the well-formed character at the front, 0 if there is none.
std::size_t character_bytes(std::string_view text) {
  const Lead lead = lead_of(static_cast<std::uint8_t>(text[0]));
  if (lead.size == 0 || text.size() < lead.size) return 0;
  std::uint32_t point = lead.bits;
  for (std::size_t k = 1; k < lead.size; ++k) {
    const auto byte = static_cast<std::uint8_t>(text[k]);
    if ((byte & 0xc0) != 0x80) return 0;
    point = (point << 6) | (byte & 0x3fu);
  }
  return point < lead.smallest || point > 0x10ffff || is_surrogate(point) ? 0 : lead.size;
}

std::string utf8_from_utf16(std::string_view bytes, bool is_big, std::string_view origin) {
  require(bytes.size() % 2 == 0, ErrorCode::kDataCorrupt,
          "{}: UTF-16 by its byte order mark, but cut off: its {} bytes are no whole characters",
          origin, bytes.size());
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<std::uint8_t>(bytes[at]);
    const auto second = static_cast<std::uint8_t>(bytes[at + 1]);
    return static_cast<std::uint32_t>(is_big ? first << 8 | second : second << 8 | first);
  };
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    std::uint32_t point = unit(at);
    if (is_surrogate(point)) {
      const std::uint32_t low = at + 2 < bytes.size() ? unit(at + 2) : 0;
      require(point < 0xdc00 && low >= 0xdc00 && low <= 0xdfff, ErrorCode::kDataCorrupt,
              "{}: UTF-16 by its byte order mark, but half a character stands alone at byte {}",
              origin, at + 2);
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      at += 2;
    }
    append_utf8(text, point);
  }
  return text;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto point = static_cast<std::uint32_t>(code_point);
  require(point <= 0x10ffff && !is_surrogate(point), ErrorCode::kInvalidArgument,
          "U+{:04X} is not a character", point);
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xc0 | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0 | point >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

std::string utf8_from_latin1(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    append_utf8(text, byte >= 0x80 && byte < 0xA0 ? kWindows[byte - 0x80u] : char32_t{byte});
  }
  return text;
}

std::string utf8_or_latin1(std::string_view text) {
  return is_utf8(text) ? std::string(text) : utf8_from_latin1(text);
}

std::string utf8_with_replacements(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    if (size == 0) {
      append_utf8(out, kReplacement);
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

bool has_byte_order_mark(std::string_view bytes) {
  for (const std::string_view mark :
       {kMarkUtf8, kMarkUtf16Little, kMarkUtf16Big, kMarkUtf32Little, kMarkUtf32Big}) {
    if (bytes.starts_with(mark)) return true;
  }
  return false;
}

std::string without_byte_order_mark(std::string text, std::string_view origin) {
  const std::string_view view = text;
  require(!view.starts_with(kMarkUtf32Little) && !view.starts_with(kMarkUtf32Big),
          ErrorCode::kUnsupported, "{}: UTF-32 by its byte order mark; save it as UTF-8", origin);
  if (view.starts_with(kMarkUtf8)) {
    text.erase(0, kMarkUtf8.size());
    return text;
  }
  const bool is_big = view.starts_with(kMarkUtf16Big);
  if (!is_big && !view.starts_with(kMarkUtf16Little)) return text;
  return utf8_from_utf16(view.substr(2), is_big, origin);
}

}  // namespace nest
