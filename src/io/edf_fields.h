#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nest/io/recording.h"

namespace nest::io {

/// Header fields and numbers as EDF+ has them: ASCII, plain decimals without an exponent.

/// A number of at most eight characters, rounded down or up.
/// Errors: InvalidArgument if eight characters cannot say it.
std::string edf_limit(double value, bool round_up);

/// The nearest such number, "" if there is none.
std::string edf_nearest(double value);
/// What such a text says; 0 for "".
double edf_value(const std::string& text);

/// Seconds of an annotation list, without a sign in front: to a billionth, without spare zeros.
std::string edf_seconds(double seconds);

/// A field of exactly `width` characters; other letters than ASCII become their nearest spelling
/// ("uV", "degC") or '_', the rest is cut off.
std::string edf_field(std::string_view text, std::size_t width);

/// Labels of 16 characters, distinct where the names are; what had to change is added to
/// `warnings`.
std::vector<std::string> edf_labels(const std::vector<ChannelInfo>& channels,
                                    std::vector<std::string>& warnings);

/// How the start of a recording is written.
struct EdfStart {
  std::string date = "01.01.85";  ///< with `time` and `startdate`: EDF+'s way to say "unknown"
  std::string time = "00.00.00";
  std::string startdate = "Startdate X X X X";
  double fraction_s = 0;  ///< of the second; belongs into the time stamps
};
/// From RecordingInfo::start_time; an unreadable one is unknown, with a warning.
EdfStart edf_start(const std::string& iso, std::vector<std::string>& warnings);

}  // namespace nest::io
