#include "io/brainvision_header.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "nest/core/error.h"

namespace nest::io {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Length of a well-formed UTF-8 sequence at the front of `text`, 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : (lead & 0xF0) == 0xE0       ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// Old files are in the Windows code page; a text that is no UTF-8 is read as Latin-1.
std::string to_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  if (at == text.size()) return std::string(text);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

}  // namespace

BrainVisionText::BrainVisionText(std::string_view raw, std::string_view what) : what_(what) {
  const std::string text = to_utf8(raw.starts_with("\xEF\xBB\xBF") ? raw.substr(3) : raw);
  std::string section;
  bool is_first = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trim(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (is_first) {
      const bool is_title = line.starts_with("Brain Vision Data Exchange") ||
                            line.starts_with("BrainVision Data Exchange");
      require(is_title, ErrorCode::kDataCorrupt, "{}: the first line is no BrainVision title",
              what);
      is_first = false;
      continue;
    }
    if (line.empty() || line.front() == ';') continue;
    if (line.front() == '[') {
      section = lower(std::string(line.substr(1, line.find(']') - 1)));
      continue;
    }
    const std::size_t equals = line.find('=');
    if (section == "comment" || equals == std::string_view::npos) continue;
    sections_[section][lower(std::string(trim(line.substr(0, equals))))] =
        std::string(trim(line.substr(equals + 1)));
  }
  require(!is_first, ErrorCode::kDataCorrupt, "{}: the file is empty", what);
}

std::string BrainVisionText::get(const std::string& section, const std::string& key) const {
  const auto found = sections_.find(section);
  if (found == sections_.end()) return "";
  const auto value = found->second.find(key);
  return value == found->second.end() ? "" : value->second;
}

std::string BrainVisionText::at(const std::string& section, const std::string& key) const {
  std::string value = get(section, key);
  require(!value.empty(), ErrorCode::kDataCorrupt, "{}: [{}] {} is missing", what_, section, key);
  return value;
}

std::int64_t BrainVisionText::integer(const std::string& section, const std::string& key) const {
  const std::string value = at(section, key);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  require(error == std::errc() && end == value.data() + value.size() && number > 0,
          ErrorCode::kDataCorrupt, "{}: [{}] {}: '{}' is no number above 0", what_, section, key,
          value);
  return number;
}

std::vector<std::string> BrainVisionText::numbered(const std::string& section,
                                                   const std::string& prefix) const {
  std::vector<std::string> values;
  const auto found = sections_.find(section);
  if (found == sections_.end()) return values;
  for (std::size_t i = 1;; ++i) {
    const auto value = found->second.find(fmt::format("{}{}", prefix, i));
    if (value == found->second.end()) return values;
    values.push_back(value->second);
  }
}

std::vector<std::string> brainvision_fields(std::string_view value) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == ',') {
      fields.emplace_back();
    } else if (value.substr(i, 2) == "\\1") {
      fields.back() += ',';
      ++i;
    } else {
      fields.back() += value[i];
    }
  }
  return fields;
}

double brainvision_number(std::string_view text, std::string_view what) {
  text = trim(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size() && std::isfinite(value),
          ErrorCode::kDataCorrupt, "{}: '{}' is not a number", what, text);
  return value;
}

}  // namespace nest::io
