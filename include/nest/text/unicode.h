#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/options_fwd.h"

namespace nest::text {

/// Longest text any function of this module accepts, in bytes.
inline constexpr std::size_t kMaxTextBytes = std::size_t{1} << 26;

/// Code points of UTF-8 text.
///
/// Errors: DataCorrupt naming the byte offset for malformed, overlong or surrogate sequences
/// (Unicode 15 §3.9, table 3-7); InvalidArgument above kMaxTextBytes.
std::u32string decode_utf8(std::string_view text);
/// Errors: InvalidArgument for a surrogate or a value above U+10FFFF.
std::string encode_utf8(std::u32string_view code_points);

/// Normalisation form C (Unicode annex 15): one spelling for each letter with marks.
/// Errors: as decode_utf8.
std::string nfc(std::string_view text);

/// Lower case by Unicode's simple mapping, plus U+0130 -> "i" U+0307. The context rule of the final
/// sigma is not applied. Errors: as decode_utf8.
std::string lowercase(std::string_view text);

/// Unicode white space and the separators U+001C..U+001F, as Python's str.isspace has it.
bool is_space(char32_t code_point);
/// Letters, marks and digits of any script.
bool is_word_character(char32_t code_point);

/// Words between runs of white space. Errors: as decode_utf8.
std::vector<std::string> split_words(std::string_view text);
/// Without leading and trailing white space. Errors: as decode_utf8.
std::string strip(std::string_view text);
/// Each code point as UTF-8. Errors: as decode_utf8.
std::vector<std::string> split_characters(std::string_view text);

/// How text is brought to one spelling before it is encoded or scored.
enum class Normalization { kNone, kNfc };
EnumTable enum_table(Normalization of);  ///< "none", "nfc"
std::string normalize(std::string_view text, Normalization normalization);

}  // namespace nest::text
