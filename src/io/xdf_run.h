#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace nest::io {

/// When the samples of a run were taken: points (time, sample) with straight lines between them.
struct XdfTimeline {
  std::vector<std::pair<double, double>> points;  // both rising; one at least
  double rate_hz = 0;                             // before the first and after the last point
  /// The sample, with fraction, that was taken at `time`; also outside the run.
  double sample_at(double time) const;
};

/// Samples of a stream without a jump in time, and what their time stamps say about when each was
/// taken. Stamps jitter by the way the samples travelled; a straight line through all of them does
/// not, and follows the amplifier's real rate.
class XdfRun {
 public:
  XdfRun(std::int64_t first_sample, double nominal_hz, std::size_t offsets_seen);
  /// The next sample's stamp.
  void add(double time);

  std::int64_t first_sample() const { return first_sample_; }
  std::int64_t num_samples() const { return num_samples_; }
  /// Clock offsets that stand before the run in the file.
  std::size_t offsets_seen() const { return offsets_seen_; }
  /// Time of sample 0 of the run on the line.
  double start_time() const;
  /// Samples a second on the line; 0 for fewer than two samples.
  double rate_hz() const;

  /// When the run's samples were taken, where `correct` brings stamps onto another clock.
  using Correct = std::function<double(double)>;
  XdfTimeline timeline(const Correct& correct) const;

 private:
  struct Group {  // some consecutive samples: their mean number and stamp
    double sample = 0;
    double time = 0;
  };
  bool is_straight() const;
  double line_at(double sample) const;

  std::int64_t first_sample_;
  double nominal_hz_;
  std::size_t offsets_seen_;
  std::int64_t num_samples_ = 0;
  double first_time_ = 0;
  double sum_k_ = 0, sum_kk_ = 0, sum_t_ = 0, sum_kt_ = 0;  // k from 0, t from first_time_
  std::vector<Group> groups_;                               // of a second each
  std::int64_t group_samples_ = 0;                          // in the last group so far
};

}  // namespace nest::io
