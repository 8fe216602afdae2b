#include "nest/text/unicode.h"

#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "nest/core/error.h"
#include "nest/core/utf8.h"

namespace nest::text {
namespace {

void check_size(std::string_view text) {
  require(text.size() <= kMaxTextBytes, ErrorCode::kInvalidArgument,
          "text of {} bytes exceeds the limit of {}: split it into lines", text.size(),
          kMaxTextBytes);
}

const utf8proc_uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

/// Calls visit(code point, begin, end) for each code point.
template <class Visit>
void for_each_code_point(std::string_view text, Visit visit) {
  check_size(text);
  std::size_t at = 0;
  while (at < text.size()) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t used = utf8proc_iterate(
        bytes_of(text) + at, static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
    require(used > 0, ErrorCode::kDataCorrupt,
            "text is not valid UTF-8: byte 0x{:02x} at offset {}",
            static_cast<unsigned>(static_cast<unsigned char>(text[at])), at);
    const std::size_t end = at + static_cast<std::size_t>(used);
    visit(static_cast<char32_t>(code_point), at, end);
    at = end;
  }
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for_each_code_point(text, [&](char32_t c, std::size_t, std::size_t) { result += c; });
  return result;
}

std::string encode_utf8(std::u32string_view code_points) {
  std::string text;
  for (const char32_t c : code_points) append_utf8(text, c);
  return text;
}

std::string nfc(std::string_view text) {
  bool ascii = true;
  for (const char c : text) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  if (ascii) {
    check_size(text);
    return std::string(text);
  }
  for_each_code_point(text, [](char32_t, std::size_t, std::size_t) {});
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  require(size >= 0, ErrorCode::kDataCorrupt, "text cannot be normalised: {}",
          utf8proc_errmsg(size));
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)};
}

std::string lowercase(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for_each_code_point(text, [&](char32_t c, std::size_t, std::size_t) {
    if (c == 0x0130) {
      result += "i\xCC\x87";
    } else {
      append_utf8(result,
                  static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
    }
  });
  return result;
}

bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_word_character(char32_t c) {
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for_each_code_point(text, [&](char32_t c, std::size_t begin, std::size_t end) {
    if (is_space(c)) {
      inside = false;
      return;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back().append(text.substr(begin, end - begin));
  });
  return words;
}

std::string strip(std::string_view text) {
  std::size_t first = text.size();
  std::size_t last = 0;
  for_each_code_point(text, [&](char32_t c, std::size_t begin, std::size_t end) {
    if (is_space(c)) return;
    if (first == text.size()) first = begin;
    last = end;
  });
  return first < last ? std::string(text.substr(first, last - first)) : std::string();
}

std::vector<std::string> split_characters(std::string_view text) {
  std::vector<std::string> characters;
  for_each_code_point(text, [&](char32_t, std::size_t begin, std::size_t end) {
    characters.emplace_back(text.substr(begin, end - begin));
  });
  return characters;
}

EnumTable enum_table(Normalization /*of*/) {
  static constexpr EnumName kNames[] = {{Normalization::kNone, "none"},
                                        {Normalization::kNfc, "nfc"}};
  return {"normalization", kNames};
}

std::string normalize(std::string_view text, Normalization normalization) {
  return normalization == Normalization::kNfc ? nfc(text) : std::string(text);
}

}  // namespace nest::text
