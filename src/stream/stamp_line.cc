#include "stamp_line.h"

#include <algorithm>
#include <cmath>

namespace nest::stream {

std::int64_t StampLine::advance(double stamp_s, std::int64_t count) {
  constexpr double kLeast_s = 0.02, kMost_s = 0.2, kTimesUsual = 6, kDrift = 1e-3, kForget = 0.05;
  const double length_s = static_cast<double>(count) / rate_hz_;
  if (deliveries_ == 0) expected_s_ = stamp_s;
  double departure = stamp_s - expected_s_;
  const double change = std::abs(departure - departure_s_);
  const double tolerance =
      is_repeating_ ? 0.5 / rate_hz_ : std::max(kLeast_s, kTimesUsual * usual_s_);
  const bool is_jump = std::abs(departure) > tolerance;
  std::int64_t missing = 0;
  if (is_jump) {
    missing = std::llround(departure * rate_hz_);
    is_repeating_ = -missing >= count;
    if (is_repeating_) return -count;  // nothing new: the next sample is still the one expected
    expected_s_ += static_cast<double>(missing) / rate_hz_;
    departure = stamp_s - expected_s_;
  }
  is_repeating_ = false;
  const double correction = std::clamp(departure, -kDrift * length_s, kDrift * length_s);
  departure_s_ = departure - correction;
  expected_s_ += correction + length_s;
  ++deliveries_;
  usual_s_ += std::max(kForget, 1.0 / static_cast<double>(deliveries_)) *
              (std::min(change, is_jump ? kLeast_s : kMost_s) - usual_s_);
  return missing;
}

}  // namespace nest::stream
