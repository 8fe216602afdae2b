#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nest::io {

/// Local time of a recording's start: microseconds since 1970-01-01 00:00:00 of the same clock.
/// Nothing if there is no such date or time of day (a leap second is one).
std::optional<std::int64_t> wall_time_us(int year, int month, int day, int hour, int minute,
                                         int second, int microsecond = 0);

/// Of "YYYY-MM-DDThh:mm:ss" with an optional fraction; nothing if the text is none.
std::optional<std::int64_t> parse_wall_time(std::string_view iso);

/// "2020-01-01T12:00:00", with six digits of fraction if there is one.
std::string iso_wall_time(std::int64_t time_us);

/// Digits [at, at + width) as a number, nothing if one of them is no digit.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t width);

}  // namespace nest::io
