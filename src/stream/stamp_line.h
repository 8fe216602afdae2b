#pragma once

#include <cstdint>

namespace nest::stream {

/// Follows the time stamps of a regular stream: tells samples that are missing, or came before,
/// from deliveries that are only late.
///
/// Sample n is expected at a line through the stamps so far, which follows a clock that drifts by
/// up to a thousandth. A departure of more than 20 ms, and of more than six times what departures
/// usually change from one delivery to the next, is whole samples that are missing (later) or come
/// again (earlier); smaller ones that stay add up to one. State: thread-compatible.
class StampLine {
 public:
  explicit StampLine(double rate_hz) : rate_hz_(rate_hz) {}

  /// Samples missing before a delivery of `count`, whose first one is stamped `stamp_s`; negative:
  /// so many at its beginning have come before.
  std::int64_t advance(double stamp_s, std::int64_t count);

 private:
  double rate_hz_;
  double expected_s_ = 0;   ///< stamp of the next sample
  double departure_s_ = 0;  ///< of the delivery before
  double usual_s_ = 0;      ///< mean change of departures
  std::int64_t deliveries_ = 0;
  bool is_repeating_ = false;  ///< the delivery before had nothing new
};

}  // namespace nest::stream
