#include "io/brainvision_header.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "io/trim.h"
#include "io/wall_time.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

bool is_title(std::string_view line) {
  return line.starts_with("Brain Vision Data Exchange") ||
         line.starts_with("BrainVision Data Exchange");
}

}  // namespace

BrainVisionText::BrainVisionText(std::string_view raw, std::string_view what,
                                 Departures& departures)
    : what_(what) {
  const std::string text = without_byte_order_mark(std::string(raw), what);
  std::string section;
  bool is_first = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trim(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (std::exchange(is_first, false)) {
      if (is_title(line)) continue;
      departures.add("the first line is no BrainVision title", what_);
    }
    if (line.empty() || line.front() == ';') continue;
    if (line.front() == '[') {
      section = lower_ascii(utf8_or_latin1(line.substr(1, line.find(']') - 1)));
      sections_[section];
    } else if (section != "comment") {
      add(section, line, departures);
    }
  }
  sections_.erase("");
  require(!sections_.empty(), ErrorCode::kDataCorrupt, "{}: there is no section", what);
}

void BrainVisionText::add(const std::string& section, std::string_view line,
                          Departures& departures) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return;
  const std::string raw_key = lower_ascii(trim(line.substr(0, equals)));
  const std::string where = fmt::format("{}: [{}] {}", what_, section, utf8_from_latin1(raw_key));
  std::string key = departures.utf8(raw_key, where);
  sections_[section].emplace_back(std::move(key),
                                  departures.utf8(trim(line.substr(equals + 1)), where));
}

std::string BrainVisionText::get(const std::string& section, const std::string& key) const {
  const auto found = sections_.find(section);
  if (found == sections_.end()) return "";
  for (const auto& [name, value] : found->second) {
    if (name == key) return value;
  }
  return "";
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

BrainVisionText::Numbered BrainVisionText::numbered(const std::string& section,
                                                    const std::string& prefix) const {
  Numbered values;
  const auto found = sections_.find(section);
  if (found == sections_.end()) return values;
  for (const auto& [key, value] : found->second) {
    if (!key.starts_with(prefix)) continue;
    const char* last = key.data() + key.size();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(key.data() + prefix.size(), last, number);
    if (error == std::errc() && end == last) values.emplace_back(number, value);
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return values;
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

std::vector<std::string> brainvision_marker_fields(std::string_view value, Departures& departures) {
  constexpr std::size_t kUsual = 5, kDateDigits = 20;
  std::vector<std::string> fields = brainvision_fields(value);
  const bool has_date = fields.back().empty() || fields.back().size() == kDateDigits;
  const std::size_t wanted = kUsual + (has_date ? 1 : 0);
  const auto is_number = [&](std::size_t i) {
    return !fields[i].empty() && fields[i].find_first_not_of("0123456789") == std::string::npos;
  };
  if (fields.size() <= wanted || (fields.size() == kUsual + 1 && is_number(2))) return fields;
  std::string& text = fields[1];
  const auto first = fields.begin() + 2;
  const auto last = first + static_cast<std::ptrdiff_t>(fields.size() - wanted);
  std::for_each(first, last, [&](const std::string& part) { text += "," + part; });
  departures.add("commas of a text not written as \\1", fmt::format("'{}'", text));
  fields.erase(first, last);
  return fields;
}

double brainvision_number(std::string_view text, std::string_view what) {
  std::string number(trim(text));
  if (const auto comma = number.find(','); comma != std::string::npos) number[comma] = '.';
  double value = 0;
  const char* last = number.data() + number.size();
  const auto [end, error] = std::from_chars(number.data(), last, value);
  require(error == std::errc() && end == last && std::isfinite(value), ErrorCode::kDataCorrupt,
          "{}: '{}' is not a number", what, text);
  return value;
}

std::optional<std::int64_t> brainvision_date_us(const std::string& date) {
  if (date.size() != 20) return std::nullopt;
  const auto year = digits_at(date, 0, 4), month = digits_at(date, 4, 2),
             day = digits_at(date, 6, 2);
  const auto hour = digits_at(date, 8, 2), minute = digits_at(date, 10, 2);
  const auto second = digits_at(date, 12, 2), micro = digits_at(date, 14, 6);
  if (!year || *year < 1900 || !month || !day || !hour || !minute || !second || !micro) {
    return std::nullopt;
  }
  return wall_time_us(*year, *month, *day, *hour, *minute, *second, *micro);
}

std::vector<std::string> brainvision_channel_lines(const BrainVisionText& header,
                                                   std::int64_t num_channels,
                                                   Departures& departures) {
  auto numbered = header.numbered("channel infos", "ch");
  const auto repeated = [](const auto& a, const auto& b) { return a == b; };
  if (static_cast<std::int64_t>(numbered.size()) > num_channels) {
    numbered.erase(std::unique(numbered.begin(), numbered.end(), repeated), numbered.end());
  }
  const bool is_complete = static_cast<std::int64_t>(numbered.size()) == num_channels;
  std::vector<std::string> lines(static_cast<std::size_t>(num_channels));
  for (std::size_t i = 0; i < numbered.size(); ++i) {
    const auto& [number, line] = numbered[i];
    const auto position = static_cast<std::int64_t>(i) + 1;
    if (is_complete && number != position) {
      departures.add("channel numbers with gaps or repeats, taken in their order",
                     fmt::format("channel {} is Ch{}", position, number));
    }
    const std::int64_t channel = is_complete ? position : number;
    const bool is_free = channel >= 1 && channel <= num_channels &&
                         lines[static_cast<std::size_t>(channel) - 1].empty();
    if (is_free) {
      lines[static_cast<std::size_t>(channel) - 1] = line;
    } else {
      departures.add("channel line left out",
                     fmt::format("Ch{} of {} channels: '{}'", number, num_channels, line));
    }
  }
  return lines;
}

}  // namespace nest::io
