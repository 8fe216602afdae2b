#pragma once

#include <string>
#include <string_view>

namespace nest {

/// True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
bool is_utf8(std::string_view text);

/// Appends one character. Errors: InvalidArgument for a surrogate or a value above U+10FFFF.
void append_utf8(std::string& text, char32_t code_point);

/// `text` with A to Z in lower case; all other bytes as they are.
std::string lower_ascii(std::string_view text);

/// Bytes of Western European systems as UTF-8: Latin-1 (ISO 8859-1), where 0x80 to 0x9F have the
/// letters and quotes of Windows-1252; its five free places become U+FFFD.
std::string utf8_from_latin1(std::string_view bytes);

/// `text` itself if it is well-formed UTF-8, else utf8_from_latin1(text).
std::string utf8_or_latin1(std::string_view text);

/// `text` with U+FFFD in the place of each byte that belongs to no well-formed character.
std::string utf8_with_replacements(std::string_view text);

bool has_byte_order_mark(std::string_view bytes);

/// The content of a text file without its byte order mark: UTF-8 as it is, UTF-16 of either byte
/// order as UTF-8. Content without a mark is returned unchanged. `origin` names it in errors.
/// Errors: DataCorrupt for UTF-16 that is cut off or has lone surrogates; Unsupported for UTF-32.
/// Source: Unicode 15 §23.8
std::string without_byte_order_mark(std::string text, std::string_view origin);

}  // namespace nest
