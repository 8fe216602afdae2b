#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "nest/core/error.h"
#include "nest/io/edf.h"

namespace nest::io {
namespace {

constexpr char kTextEnd = '\x14';
constexpr char kDurationStart = '\x15';

std::optional<double> parse_seconds(std::string_view text) {
  const char* first = text.data() + (text.starts_with('+') ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), value);
  const bool is_number =
      error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
  return is_number ? std::optional(value) : std::nullopt;
}

// One list without its closing zero byte. Says what is wrong with it, "" if nothing is; texts that
// are closed are kept even if the last one is not.
std::string_view parse_list(std::string_view list, double& onset_s, EdfTal& result) {
  if (!list.starts_with('+') && !list.starts_with('-')) {
    return "a time stamp must begin with '+' or '-'";
  }
  const std::size_t stamp_end = list.find(kTextEnd);
  if (stamp_end == std::string_view::npos) return "the list is not closed";
  const std::string_view stamp = list.substr(0, stamp_end);
  const std::size_t split = stamp.find(kDurationStart);
  const auto onset = parse_seconds(stamp.substr(0, split));
  if (!onset) return "the onset is not a number";
  double duration_s = 0;
  if (split != std::string_view::npos) {
    const auto duration = parse_seconds(stamp.substr(split + 1));
    if (!duration || *duration < 0) return "the duration is no number of seconds";
    duration_s = *duration;
  }
  onset_s = *onset;
  std::string_view rest = list.substr(stamp_end + 1);
  while (!rest.empty()) {
    const std::size_t stop = rest.find(kTextEnd);
    if (stop == std::string_view::npos) return "the list is not closed";
    const std::string_view text = rest.substr(0, stop);
    if (!text.empty()) result.annotations.push_back({*onset, duration_s, std::string(text), ""});
    rest = rest.substr(stop + 1);
  }
  return "";
}

}  // namespace

EdfTal parse_edf_tal(std::string_view bytes) {
  EdfTal result;
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (bytes[at] == '\0') {  // padding, or the end of a list
      ++at;
      continue;
    }
    const std::size_t end = std::min(bytes.find('\0', at), bytes.size());
    double onset_s = NAN;
    std::string_view problem = parse_list(bytes.substr(at, end - at), onset_s, result);
    if (problem.empty() && end == bytes.size()) problem = "the list is not closed";
    if (!problem.empty()) result.problems.push_back(fmt::format("byte {}: {}", at, problem));
    if (result.is_empty && std::isfinite(onset_s)) {
      result.record_time_s = onset_s;
      result.has_record_time = true;
    }
    result.is_empty = false;
    at = end + 1;
  }
  return result;
}

}  // namespace nest::io
