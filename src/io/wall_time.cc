#include "io/wall_time.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace nest::io {

namespace {
constexpr std::int64_t kSecond = 1'000'000;
}  // namespace

std::optional<std::int64_t> wall_time_us(int year, int month, int day, int hour, int minute,
                                         int second, int microsecond) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  const bool is_clock = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 &&
                        second <= 60 && microsecond >= 0 && microsecond < kSecond;
  if (year < 0 || month < 1 || day < 1 || !date.ok() || !is_clock) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + hour) * 3600 + minute * 60 + second) * kSecond + microsecond;
}

std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t width) {
  if (text.size() < at + width) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, width)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = 10 * value + (c - '0');
  }
  return value;
}

std::optional<std::int64_t> parse_wall_time(std::string_view iso) {
  const auto year = digits_at(iso, 0, 4), month = digits_at(iso, 5, 2), day = digits_at(iso, 8, 2);
  const auto hour = digits_at(iso, 11, 2), minute = digits_at(iso, 14, 2);
  const auto second = digits_at(iso, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (iso[4] != '-' || iso[7] != '-' || (iso[10] != 'T' && iso[10] != ' ') || iso[13] != ':' ||
      iso[16] != ':') {
    return std::nullopt;
  }
  int microsecond = 0;
  if (iso.size() > 20 && iso[19] == '.') {
    std::string fraction(iso.substr(20, 6));
    fraction.resize(6, '0');
    const auto value = digits_at(fraction, 0, 6);
    if (!value) return std::nullopt;
    microsecond = *value;
  }
  return wall_time_us(*year, *month, *day, *hour, *minute, *second, microsecond);
}

std::string iso_wall_time(std::int64_t time_us) {
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(time_us)};
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(time - midnight);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) text += fmt::format(".{:06}", clock.subseconds().count());
  return text;
}

}  // namespace nest::io
