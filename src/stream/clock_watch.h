#pragma once

#include <cstdint>
#include <functional>

#include "nest/stream/faults.h"
#include "nest/stream/source.h"

namespace nest::stream {

/// Compares the stamps and arrivals of deliveries with their sample numbers: jumps of the clock, a
/// rate that is not the stated one, deliveries that are late. It changes nothing.
///
/// State: thread-compatible. Cost: O(1) a delivery.
class ClockWatch {
 public:
  using Tell = std::function<void(const Fault&)>;

  /// `is_paced`: arrivals follow the signal's own time.
  ClockWatch(double rate_hz, bool is_paced) : rate_hz_(rate_hz), is_paced_(is_paced) {}

  void take(const Chunk& chunk, const Tell& tell);
  /// By the stamps since the clock jumped last; the stated one before a second is seen.
  double measured_rate_hz() const;
  /// Parts per million by which the measured rate is above the stated one.
  double drift_ppm() const;

 private:
  void look_at_stamps(const Chunk& chunk, std::int64_t first, const Tell& tell);
  void look_at_arrival(const Chunk& chunk, double time_s, const Tell& tell);

  double rate_hz_;
  bool is_paced_;
  std::int64_t counted_ = 0;  ///< samples delivered, for sources without numbers
  bool has_begun_ = false;
  std::int64_t anchor_sample_ = 0, newest_sample_ = 0;
  double anchor_s_ = 0, newest_s_ = 0;
  bool is_off_ = false;  ///< the rate
  bool is_late_ = false;
  double least_lag_s_ = 0;
  bool has_lag_ = false;
};

}  // namespace nest::stream
