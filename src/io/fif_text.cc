#include "io/fif_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "nest/core/utf8.h"

namespace nest::io {
namespace {

/// Code point of "&#NNNN;" at the start of `text` and its length; length 0 if there is none.
std::size_t parse_reference(std::string_view text, std::uint32_t& code) {
  if (!text.starts_with("&#")) return 0;
  const char* begin = text.data() + 2;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), code);
  const bool is_character = code > 0xFF && code <= 0x10FFFF && !(code >= 0xD800 && code < 0xE000);
  if (error != std::errc() || end == text.data() + text.size() || *end != ';' || !is_character) {
    return 0;
  }
  return static_cast<std::size_t>(end + 1 - text.data());
}

}  // namespace

std::string fif_text(const ByteSource& source, const FifTag& tag) {
  const std::string raw = source.read_text(tag.offset, tag.size);
  const std::string_view text = std::string_view(raw).substr(0, raw.find('\0'));
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::uint32_t code = 0;
    const std::size_t length = parse_reference(text.substr(i), code);
    if (length > 0) {
      append_utf8(out, code);
    } else {
      out += utf8_from_latin1(text.substr(i, 1));
    }
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::vector<std::string> fif_names(const ByteSource& source, const FifTag& tag) {
  constexpr std::string_view kColon = "{COLON}";
  const std::string list = fif_text(source, tag);
  std::vector<std::string> names;
  if (list.empty()) return names;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t end = std::min(list.find(':', begin), list.size());
    std::string name;
    for (std::size_t at = begin; at < end;) {
      const bool is_colon = std::string_view(list).substr(at, end - at).starts_with(kColon);
      name += is_colon ? ':' : list[at];
      at += is_colon ? kColon.size() : 1;
    }
    names.push_back(std::move(name));
    begin = end + 1;
  }
  return names;
}

}  // namespace nest::io
