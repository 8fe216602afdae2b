#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace nest::io {

/// The difference between a stream's clock and the recorder's, from the offsets measured while
/// recording: (stream time, offset) in the order of the file.
///
/// A clock that was restarted makes the offsets jump; each stretch between jumps has a straight
/// line of its own. Lines are fitted by least squares to what is left when measurements that are
/// far off (a network that stalled) are dropped.
class XdfClock {
 public:
  XdfClock() = default;
  explicit XdfClock(std::vector<std::pair<double, double>> offsets);

  /// `time` of the stream on the recorder's clock; `seen` is how many offsets stand before it in
  /// the file, which tells stretches apart that share their times.
  double corrected(double time, std::size_t seen) const;
  std::size_t num_stretches() const { return stretches_.size(); }

 private:
  using Point = std::pair<double, double>;
  struct Stretch {
    std::size_t first_index = 0;  // of its first offset in the file
    double first = 0, last = 0;   // stream times
    double mean_time = 0, mean_offset = 0, slope = 0;
  };
  static std::vector<std::vector<std::size_t>> split(const std::vector<Point>& offsets);
  static Stretch fit(const std::vector<Point>& offsets, const std::vector<std::size_t>& members);

  std::vector<Stretch> stretches_;
};

}  // namespace nest::io
