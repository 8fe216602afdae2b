#include "io/xdf_run.h"

#include <algorithm>
#include <cmath>

namespace nest::io {
namespace {

/// A line is followed as long as no second of samples is further away from it than both.
constexpr double kMostSamplesOff = 2;
constexpr double kMostSecondsOff = 0.01;
constexpr std::int64_t kLeastGroup = 16;

}  // namespace

XdfRun::XdfRun(std::int64_t first_sample, double nominal_hz, std::size_t offsets_seen)
    : first_sample_(first_sample), nominal_hz_(nominal_hz), offsets_seen_(offsets_seen) {}

void XdfRun::add(double time) {
  if (num_samples_ == 0) first_time_ = time;
  const auto k = static_cast<double>(num_samples_++);
  const double t = time - first_time_;
  sum_k_ += k;
  sum_kk_ += k * k;
  sum_t_ += t;
  sum_kt_ += k * t;
  const auto group_size = std::max(kLeastGroup, static_cast<std::int64_t>(nominal_hz_));
  if (groups_.empty() || group_samples_ == group_size) {
    groups_.emplace_back();
    group_samples_ = 0;
  }
  Group& group = groups_.back();
  const auto n = static_cast<double>(++group_samples_);
  group.sample += (k - group.sample) / n;
  group.time += (t - group.time) / n;
}

double XdfRun::line_at(double sample) const {
  const auto n = static_cast<double>(num_samples_);
  const double rate = rate_hz();
  if (!(rate > 0)) return sum_t_ / n;
  return sum_t_ / n + (sample - sum_k_ / n) / rate;
}

double XdfRun::start_time() const {
  return num_samples_ < 2 ? first_time_ : first_time_ + line_at(0);
}

double XdfRun::rate_hz() const {
  const auto n = static_cast<double>(num_samples_);
  const double spread = n * sum_kk_ - sum_k_ * sum_k_;
  const double slope = spread > 0 ? (n * sum_kt_ - sum_k_ * sum_t_) / spread : 0;
  return slope > 0 ? 1 / slope : 0;
}

bool XdfRun::is_straight() const {
  const double limit = std::max(kMostSecondsOff, kMostSamplesOff / std::max(rate_hz(), 1e-9));
  return std::all_of(groups_.begin(), groups_.end(), [&](const Group& group) {
    return std::abs(group.time - line_at(group.sample)) <= limit;
  });
}

// Where the line does not hold, samples were lost or the rate changed: from group to group instead.
XdfTimeline XdfRun::timeline(const Correct& correct) const {
  XdfTimeline timeline;
  const auto add = [&](double time, double sample) {
    const double at = correct(first_time_ + time);
    const bool rises = timeline.points.empty() || at > timeline.points.back().first;
    if (rises) timeline.points.emplace_back(at, sample);
  };
  if (!(rate_hz() > 0) || num_samples_ < 2) {
    add(0, 0);
  } else if (is_straight()) {
    add(line_at(0), 0);
    add(line_at(static_cast<double>(num_samples_ - 1)), static_cast<double>(num_samples_ - 1));
  } else {
    for (const Group& group : groups_) add(group.time, group.sample);
  }
  const auto& [first_time, first] = timeline.points.front();
  const auto& [last_time, last] = timeline.points.back();
  const bool has_span = last_time > first_time;
  timeline.rate_hz = has_span ? (last - first) / (last_time - first_time) : nominal_hz_;
  return timeline;
}

double XdfTimeline::sample_at(double time) const {
  const auto after = std::partition_point(points.begin(), points.end(),
                                          [&](const auto& point) { return point.first <= time; });
  if (after == points.begin()) return after->second - (after->first - time) * rate_hz;
  const auto before = after - 1;
  if (after == points.end()) return before->second + (time - before->first) * rate_hz;
  const double part = (time - before->first) / (after->first - before->first);
  return before->second + part * (after->second - before->second);
}

}  // namespace nest::io
