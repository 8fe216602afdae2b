#include "nest/profile/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::profile {
namespace {

/// Of the standard normal distribution above z.
double upper_tail(double z) {
  return 0.5 * std::erfc(z / std::sqrt(2.0));
}

std::optional<double> quantile(const std::vector<double>& sorted, double share) {
  const auto count = static_cast<double>(sorted.size());
  if (count * (1 - share) < 5 - 1e-9) return {};
  return sorted[static_cast<std::size_t>(std::ceil(share * count) - 1)];
}

Json value_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

double slower_p(std::span<const double> before, std::span<const double> now) {
  require(before.size() >= 4 && now.size() >= 4, ErrorCode::kInvalidArgument,
          "{} and {} times to compare; at least 4 each are needed", before.size(), now.size());
  std::vector<std::pair<double, bool>> all;
  for (const double x : before) all.emplace_back(x, false);
  for (const double x : now) all.emplace_back(x, true);
  std::ranges::sort(all);
  double ranks = 0, ties = 0;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i;
    while (end < all.size() && all[end].first == all[i].first) ++end;
    const double rank = static_cast<double>(i + end + 1) / 2;
    const auto equal = static_cast<double>(end - i);
    ties += equal * equal * equal - equal;
    for (; i < end; ++i) ranks += all[i].second ? rank : 0;
  }
  const auto a = static_cast<double>(before.size()), b = static_cast<double>(now.size());
  const double n = a + b, u = ranks - b * (b + 1) / 2;
  const double variance = a * b / 12 * (n + 1 - ties / (n * (n - 1)));
  if (variance <= 0) return 1;
  return upper_tail((u - a * b / 2 - 0.5) / std::sqrt(variance));
}

std::vector<double> holm(std::vector<double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return p[i]; });
  double least = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    least = std::max(least, std::min(1.0, p[order[k]] * static_cast<double>(p.size() - k)));
    p[order[k]] = least;
  }
  return p;
}

bool is_steady(std::span<const double> times) {
  require(times.size() >= 8, ErrorCode::kInvalidArgument,
          "{} times; a trend needs at least 8 to be seen", times.size());
  double falls = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    for (std::size_t j = i + 1; j < times.size(); ++j)
      falls += times[j] < times[i] ? 1 : (times[j] > times[i] ? -1 : 0);
  }
  const auto n = static_cast<double>(times.size());
  const double deviation = std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  return upper_tail((falls - 1) / deviation) > 0.05;
}

double median(std::vector<double> values) {
  require(!values.empty(), ErrorCode::kInvalidArgument, "no values to take the median of");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Quantiles quantiles(std::vector<double> times) {
  require(!times.empty(), ErrorCode::kInvalidArgument, "no times to summarize");
  std::ranges::sort(times);
  const std::size_t count = times.size();
  const auto rank = [&](double share) {
    const double index = std::ceil(share * static_cast<double>(count)) - 1;
    return times[static_cast<std::size_t>(std::max(0.0, index))];
  };
  Quantiles q;
  q.runs = static_cast<int>(count);
  q.min_ms = times.front();
  q.p50_ms = rank(0.5);
  q.max_ms = times.back();
  q.mean_ms = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(count);
  q.p95_ms = quantile(times, 0.95);
  q.p99_ms = quantile(times, 0.99);
  q.p999_ms = quantile(times, 0.999);
  q.spread = q.p50_ms > 0 ? (rank(0.75) - rank(0.25)) / q.p50_ms : 0;
  return q;
}

Json to_json(const Quantiles& q) {
  return {{"runs", q.runs},
          {"min_ms", q.min_ms},
          {"p50_ms", q.p50_ms},
          {"mean_ms", q.mean_ms},
          {"p95_ms", value_or_null(q.p95_ms)},
          {"p99_ms", value_or_null(q.p99_ms)},
          {"p999_ms", value_or_null(q.p999_ms)},
          {"max_ms", q.max_ms},
          {"spread", q.spread}};
}

}  // namespace nest::profile
