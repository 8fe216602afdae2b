#include "io/edf_fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "io/wall_time.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

constexpr std::size_t kNumberWidth = 8;
constexpr std::size_t kLabelWidth = 16;
constexpr int kMostDecimals = 7;

std::string plain(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

struct Spelling {
  std::string_view character;
  std::string_view ascii;
};
constexpr Spelling kSpellings[] = {{"\xC2\xB5", "u"},    // micro sign
                                   {"\xCE\xBC", "u"},    // mu
                                   {"\xCE\xA9", "Ohm"},  // omega
                                   {"\xC2\xB0", "deg"}};

std::string ascii(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::size_t end = i + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    const std::string_view character = text.substr(i, end - i);
    const auto known =
        std::find_if(std::begin(kSpellings), std::end(kSpellings),
                     [&](const Spelling& spelling) { return spelling.character == character; });
    if (known != std::end(kSpellings)) {
      out += known->ascii;
    } else {
      out += byte >= 0x20 && byte < 0x7f ? text[i] : '_';
    }
    i = end;
  }
  return out;
}

// Names differ at their ends more often than in their middle.
std::string without_middle(const std::string& name) {
  if (name.size() <= kLabelWidth) return name;
  constexpr std::size_t kHead = kLabelWidth / 2;
  const std::string_view view = name;
  return fmt::format("{}~{}", view.substr(0, kHead),
                     view.substr(view.size() - (kLabelWidth - kHead - 1)));
}

std::string numbered(const std::string& name, int number) {
  const std::string tag = fmt::format("~{}", number);
  return fmt::format("{}{}", std::string_view(name).substr(0, kLabelWidth - tag.size()), tag);
}

}  // namespace

std::string edf_limit(double value, bool round_up) {
  for (int decimals = kMostDecimals; decimals >= 0; --decimals) {
    std::string text = plain(value, decimals);
    if (text.size() > kNumberWidth) continue;
    const double parsed = edf_value(text);
    if (round_up ? parsed >= value : parsed <= value) return text;
    const double step = std::pow(10.0, -decimals);
    text = plain(round_up ? parsed + step : parsed - step, decimals);
    if (text.size() <= kNumberWidth) return text;
  }
  fail(ErrorCode::kInvalidArgument,
       "the physical limit {} does not fit the 8 characters of EDF; scale the channel first",
       value);
}

std::string edf_nearest(double value) {
  for (int decimals = kMostDecimals; decimals >= 0; --decimals) {
    std::string text = plain(value, decimals);
    if (text.size() <= kNumberWidth) return text;
  }
  return "";
}

double edf_value(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string edf_seconds(double seconds) {
  return plain(seconds, 9);
}

std::string edf_field(std::string_view text, std::size_t width) {
  std::string field = ascii(text);
  field.resize(width, ' ');
  return field;
}

std::vector<std::string> edf_labels(const std::vector<ChannelInfo>& channels,
                                    std::vector<std::string>& warnings) {
  std::vector<std::string> labels;
  std::multiset<std::string> wanted;
  for (const ChannelInfo& channel : channels) {
    labels.push_back(ascii(channel.name).substr(0, kLabelWidth));
    wanted.insert(labels.back());
  }
  std::set<std::string> used = {"EDF Annotations"};  // would be taken for the annotation signal
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::string& name = channels[i].name;
    std::string& label = labels[i];
    if (wanted.count(label) > 1 && name.size() > kLabelWidth) label = without_middle(ascii(name));
    const std::string base = label;
    for (int k = 2; !base.empty() && used.contains(label); ++k) label = numbered(base, k);
    used.insert(label);
    if (label != name) {
      warnings.push_back(fmt::format(
          "channel {} '{}' has the label '{}': EDF has room for 16 distinct ASCII characters",
          i + 1, name, label));
    }
  }
  return labels;
}

EdfStart edf_start(const std::string& iso, std::vector<std::string>& warnings) {
  constexpr const char* kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                     "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  EdfStart start;
  if (iso.empty()) return start;
  const auto time_us = parse_wall_time(iso);
  if (!time_us) {
    warnings.push_back(
        fmt::format("the start time '{}' is no date; it is written as unknown", iso));
    return start;
  }
  const std::string text = iso_wall_time(*time_us);  // YYYY-MM-DDThh:mm:ss
  const std::string day = text.substr(8, 2), year = text.substr(0, 4);
  const int month = *digits_at(text, 5, 2);
  // Two digits mean 1985 to 2084; before and after, only the long form says the year
  // (EDF+ 2.1.3.2).
  const bool has_short_year = year >= "1985" && year <= "2084";
  start.date =
      fmt::format("{}.{:02}.{}", day, month, has_short_year ? year.substr(2) : std::string("yy"));
  start.time = fmt::format("{}.{}.{}", text.substr(11, 2), text.substr(14, 2), text.substr(17, 2));
  start.startdate = fmt::format("Startdate {}-{}-{} X X X", day, kMonths[month - 1], year);
  start.fraction_s = static_cast<double>(*time_us - *parse_wall_time(text.substr(0, 19))) * 1e-6;
  return start;
}

}  // namespace nest::io
