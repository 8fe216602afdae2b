#include <algorithm>
#include <charconv>
#include <cmath>

#include "nest/core/error.h"
#include "nest/io/edf.h"

namespace nest::io {
namespace {

constexpr char kTextEnd = '\x14';
constexpr char kDurationStart = '\x15';

double parse_seconds(std::string_view text, std::size_t position, std::string_view what) {
  const char* first = text.data() + (text.starts_with('+') ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size() && std::isfinite(value),
          ErrorCode::kDataCorrupt, "annotation list byte {}: {} is not a number", position, what);
  return value;
}

}  // namespace

EdfTal parse_edf_tal(std::string_view bytes) {
  EdfTal result;
  std::size_t at = 0;
  bool is_first = true;
  while (at < bytes.size()) {
    if (bytes[at] == '\0') {  // padding, or the end of a list
      ++at;
      continue;
    }
    require(bytes[at] == '+' || bytes[at] == '-', ErrorCode::kDataCorrupt,
            "annotation list byte {}: a time stamp must begin with '+' or '-'", at);
    const std::size_t end = bytes.find('\0', at);
    require(end != std::string_view::npos && bytes[end - 1] == kTextEnd, ErrorCode::kDataCorrupt,
            "annotation list byte {}: the list is not closed", at);
    const std::string_view list = bytes.substr(at, end - at);
    const std::size_t stamp_end = list.find(kTextEnd);
    const std::string_view stamp = list.substr(0, stamp_end);
    const std::size_t split = stamp.find(kDurationStart);
    const double onset = parse_seconds(stamp.substr(0, split), at, "the onset");
    const double duration =
        split == std::string_view::npos
            ? 0
            : parse_seconds(stamp.substr(split + 1), at + split, "the duration");
    require(duration >= 0, ErrorCode::kDataCorrupt, "annotation list byte {}: negative duration",
            at);
    std::string_view rest = list.substr(stamp_end + 1);
    if (is_first) {
      result.record_time_s = onset;
      result.has_record_time = true;
      is_first = false;
    }
    while (!rest.empty()) {
      const std::size_t stop = rest.find(kTextEnd);
      const std::string_view text = rest.substr(0, stop);
      if (!text.empty()) result.annotations.push_back({onset, duration, std::string(text), ""});
      rest = rest.substr(stop + 1);
    }
    at = end + 1;
  }
  return result;
}

}  // namespace nest::io
