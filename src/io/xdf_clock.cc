#include "io/xdf_clock.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nest::io {
namespace {

using Point = std::pair<double, double>;

/// Clocks drift by less than this; a larger change between two measurements is a jump.
constexpr double kJumpSeconds = 1;
constexpr double kMostDrift = 1e-3;
/// This many measurements in a row may be wrong before they count as another clock.
constexpr std::size_t kMostWrong = 2;
/// Samples this long before the first or after the last offset of a stretch may belong to it.
constexpr double kMarginSeconds = 10;
/// So many restarts are believed; of more, the longest stretches are kept.
constexpr std::size_t kMostStretches = 256;
/// Residuals below are no outliers, however well the others fit.
constexpr double kLeastResidual = 1e-4;

bool is_jump(const Point& a, const Point& b) {
  return std::abs(b.second - a.second) > kJumpSeconds + kMostDrift * std::abs(b.first - a.first);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Line {
  double mean_time = 0, mean_offset = 0, slope = 0;
  double at(double time) const { return mean_offset + slope * (time - mean_time); }
};

Line least_squares(const std::vector<Point>& points) {
  Line line;
  const auto n = static_cast<double>(points.size());
  for (const auto& [time, offset] : points) {
    line.mean_time += time / n;
    line.mean_offset += offset / n;
  }
  double cov = 0, var = 0;
  for (const auto& [time, offset] : points) {
    cov += (time - line.mean_time) * (offset - line.mean_offset);
    var += (time - line.mean_time) * (time - line.mean_time);
  }
  if (var > 0) line.slope = cov / var;
  return line;
}

// A line that up to a quarter of the points cannot move: slopes over half the length, their median.
Line median_line(const std::vector<Point>& points) {
  const std::size_t half = points.size() / 2;
  std::vector<double> slopes;
  for (std::size_t i = 0; i + half < points.size(); ++i) {
    const double span = points[i + half].first - points[i].first;
    if (span > 0) slopes.push_back((points[i + half].second - points[i].second) / span);
  }
  Line line;
  line.mean_time = points[half].first;
  line.slope = slopes.empty() ? 0 : median(slopes);
  std::vector<double> levels;
  for (const auto& [time, offset] : points) {
    levels.push_back(offset - line.slope * (time - line.mean_time));
  }
  line.mean_offset = median(levels);
  return line;
}

Line robust_line(const std::vector<Point>& points) {
  if (points.size() < 4) return least_squares(points);
  Line line = median_line(points);
  for (int round = 0; round < 3; ++round) {
    std::vector<double> residuals;
    for (const auto& [time, offset] : points) residuals.push_back(std::abs(offset - line.at(time)));
    constexpr double kThreeSigma = 3 * 1.4826;  // the second factor: from median to deviation
    const double limit = std::max(kLeastResidual, kThreeSigma * median(residuals));
    std::vector<Point> kept;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (residuals[i] <= limit) kept.push_back(points[i]);
    }
    line = least_squares(kept);
  }
  return line;
}

}  // namespace

XdfClock::XdfClock(std::vector<Point> offsets) {
  auto stretches = split(offsets);
  if (stretches.size() > kMostStretches) {  // noise, no clock
    std::stable_sort(stretches.begin(), stretches.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
    stretches.resize(kMostStretches);
    std::sort(stretches.begin(), stretches.end());
  }
  for (const auto& members : stretches) stretches_.push_back(fit(offsets, members));
}

// A jump that is taken back within kMostWrong measurements was none.
std::vector<std::vector<std::size_t>> XdfClock::split(const std::vector<Point>& offsets) {
  std::vector<std::vector<std::size_t>> stretches;
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    std::size_t kept = stretches.size();  // up to and with the one that this offset continues
    while (kept > 0 && is_jump(offsets[stretches[kept - 1].back()], offsets[i])) {
      --kept;
      const bool is_too_old = kept > 0 && i - stretches[kept - 1].back() > kMostWrong + 1;
      if (is_too_old) kept = 0;
    }
    if (kept == 0) {
      stretches.push_back({i});
    } else {
      stretches.resize(kept);
      stretches.back().push_back(i);
    }
  }
  // One wrong measurement at the very beginning or end looks like a clock of its own.
  const auto is_stray = [&](const auto& members, const auto& beside) {
    constexpr double kMostStall = 60;
    return members.size() == 1 && beside.size() > kMostWrong + 1 &&
           std::abs(offsets[members[0]].second - offsets[beside[0]].second) < kMostStall;
  };
  if (stretches.size() > 1 && is_stray(stretches.back(), stretches[stretches.size() - 2])) {
    stretches.pop_back();
  }
  if (stretches.size() > 1 && is_stray(stretches[0], stretches[1])) {
    stretches.erase(stretches.begin());
  }
  return stretches;
}

XdfClock::Stretch XdfClock::fit(const std::vector<Point>& offsets,
                                const std::vector<std::size_t>& members) {
  std::vector<Point> points;
  for (const std::size_t i : members) points.push_back(offsets[i]);
  const Line line = robust_line(points);
  const auto [low, high] = std::minmax_element(points.begin(), points.end());
  return {members.front(), low->first, high->first, line.mean_time, line.mean_offset, line.slope};
}

double XdfClock::corrected(double time, std::size_t seen) const {
  const Stretch* best = nullptr;
  double best_distance = 0;
  for (const Stretch& stretch : stretches_) {
    const double outside = std::max({0.0, stretch.first - time, time - stretch.last});
    const double distance = outside <= kMarginSeconds ? 0 : outside;
    // among equals the one that had begun when the sample was written, else the first
    const bool is_later = distance == best_distance && stretch.first_index < seen;
    if (best == nullptr || distance < best_distance || is_later) {
      best = &stretch;
      best_distance = distance;
    }
  }
  if (best == nullptr) return time;
  return time + best->mean_offset + best->slope * (time - best->mean_time);
}

}  // namespace nest::io
