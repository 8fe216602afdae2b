#include "clock_watch.h"

#include <algorithm>
#include <cmath>

namespace nest::stream {
namespace {

constexpr double kJump_s = 0.25;         ///< stamps that leave the count by more have jumped
constexpr double kLate_s = 0.25;         ///< later than the promptest delivery by more is late
constexpr double kRateAfter_s = 10;      ///< stamps over less say nothing about a rate
constexpr double kRateDeparture = 5e-3;  ///< crystals differ by 1e-4 at most

}  // namespace

double ClockWatch::measured_rate_hz() const {
  const double seconds = newest_s_ - anchor_s_;
  return seconds >= 1 ? static_cast<double>(newest_sample_ - anchor_sample_) / seconds : rate_hz_;
}

double ClockWatch::drift_ppm() const {
  return (measured_rate_hz() / rate_hz_ - 1) * 1e6;
}

void ClockWatch::take(const Chunk& chunk, const Tell& tell) {
  counted_ += chunk.lost;
  const std::int64_t first = chunk.first_sample >= 0 ? chunk.first_sample : counted_;
  counted_ += chunk.samples;
  if (!std::isnan(chunk.time_s)) look_at_stamps(chunk, first, tell);
  if (is_paced_) look_at_arrival(chunk, static_cast<double>(first) / rate_hz_, tell);
}

void ClockWatch::look_at_stamps(const Chunk& chunk, std::int64_t first, const Tell& tell) {
  const auto anchor = [&] {
    anchor_sample_ = newest_sample_ = first;
    anchor_s_ = newest_s_ = chunk.time_s;
  };
  if (!has_begun_) {
    has_begun_ = true;
    anchor();
    return;
  }
  const double usual_hz = newest_s_ - anchor_s_ >= kRateAfter_s ? measured_rate_hz() : rate_hz_;
  const double expected_s = newest_s_ + static_cast<double>(first - newest_sample_) / usual_hz;
  if (std::abs(chunk.time_s - expected_s) > kJump_s) {
    tell({FaultKind::kClockJump, static_cast<double>(first) / rate_hz_, 0, "stamps begin anew"});
    anchor();
    return;
  }
  if (first <= newest_sample_) return;
  newest_sample_ = first;
  newest_s_ = chunk.time_s;
  const bool is_off = newest_s_ - anchor_s_ >= kRateAfter_s &&
                      std::abs(measured_rate_hz() / rate_hz_ - 1) > kRateDeparture;
  if (is_off && !is_off_)
    tell({FaultKind::kRate, static_cast<double>(first) / rate_hz_, 0,
          "differs from the stated one"});
  is_off_ = is_off;
}

void ClockWatch::look_at_arrival(const Chunk& chunk, double time_s, const Tell& tell) {
  const double lag_s = chunk.arrival_s - time_s - static_cast<double>(chunk.samples) / rate_hz_;
  least_lag_s_ = has_lag_ ? std::min(least_lag_s_, lag_s) : lag_s;
  has_lag_ = true;
  const bool is_late = lag_s - least_lag_s_ > kLate_s;
  if (is_late && !is_late_) tell({FaultKind::kLate, time_s, chunk.samples, "delayed"});
  is_late_ = is_late;
  // The lag's floor follows a clock that drifts.
  least_lag_s_ += 1e-4 * (lag_s - least_lag_s_);
}

}  // namespace nest::stream
