#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nest/core/json_fwd.h"

/// What can be said of measured times.
namespace nest::profile {

/// Probability of times at least so much larger in `now` if both came from one distribution
/// (one-sided Mann-Whitney, normal approximation with ties and continuity correction).
///
/// Errors: InvalidArgument unless both have at least four.
double slower_p(std::span<const double> before, std::span<const double> now);

/// Adjusts p values of tests that are made together, in their order (Holm 1979): each is to be
/// compared with the level of one test.
std::vector<double> holm(std::vector<double> p);

/// True if the times do not get shorter any more: no falling trend at the 5 % level (Mann-Kendall).
/// Errors: InvalidArgument for fewer than eight.
bool is_steady(std::span<const double> times);

double median(std::vector<double> values);

/// Quantiles of latencies. A quantile is given where at least five values lie above it: p95 from
/// 100 runs, p99 from 500, p99.9 from 5,000.
struct Quantiles {
  int runs = 0;
  double min_ms = 0, p50_ms = 0, max_ms = 0, mean_ms = 0;
  std::optional<double> p95_ms, p99_ms, p999_ms;
  double spread = 0;  ///< quartile distance over the median
};
Quantiles quantiles(std::vector<double> times_ms);
Json to_json(const Quantiles& quantiles);

/// What disturbs times on this machine.
class NoiseWatch {
 public:
  /// Begins to watch.
  NoiseWatch();
  /// One line a reason why times since then are doubtful: others that wanted the cores, time that
  /// the host took, switches away from this process, a wide spread. Empty on a quiet machine.
  std::vector<std::string> reasons(const Quantiles& quantiles) const;

 private:
  double load_ = 0;
  double stolen_s_ = 0;
  double began_s_ = 0;
  long switches_ = 0;
};

/// Milliseconds of a fixed loop of arithmetic in the first-level cache: how fast the machine is
/// just now.
double machine_ms();

}  // namespace nest::profile
