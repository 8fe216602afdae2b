#include "nest/text/significance.h"

#include <bit>
#include <cmath>
#include <limits>

#include "nest/core/error.h"
#include "nest/core/json_number.h"
#include "nest/core/parallel.h"
#include "nest/core/rng.h"

namespace nest::text {
namespace {

/// Differences this small are rounding, not evidence.
constexpr double kTie = 1e-12;

double p_value(std::size_t extreme, std::size_t replicates) {
  return static_cast<double>(extreme + 1) / static_cast<double>(replicates + 1);
}

/// Differences b - a after swapping each unit's outputs with probability one half.
std::vector<double> randomized_deltas(const CountTable& a, const CountTable& b,
                                      const Statistic& statistic, const BootstrapOptions& options,
                                      const Job& job) {
  const std::size_t columns = a.columns();
  std::vector<std::int64_t> change(a.rows() * columns);
  for (std::size_t i = 0; i < a.rows(); ++i) {
    for (std::size_t c = 0; c < columns; ++c) {
      change[i * columns + c] = std::int64_t{b.row(i)[c]} - std::int64_t{a.row(i)[c]};
    }
  }
  const std::vector<std::int64_t> sum_a = a.sums();
  const std::vector<std::int64_t> sum_b = b.sums();
  std::vector<double> deltas(static_cast<std::size_t>(options.replicates));
  parallel_for(deltas.size(), options.threads, [&](std::size_t r) {
    job.check_stop("the comparison is not complete");
    Rng rng(options.seed, "randomization", r);
    std::vector<std::int64_t> x = sum_a;
    std::vector<std::int64_t> y = sum_b;
    for (std::size_t begin = 0; begin < a.rows(); begin += 64) {
      std::uint64_t bits = rng();
      if (a.rows() - begin < 64) bits &= (std::uint64_t{1} << (a.rows() - begin)) - 1;
      for (; bits != 0; bits &= bits - 1) {
        const std::size_t row = begin + static_cast<std::size_t>(std::countr_zero(bits));
        for (std::size_t c = 0; c < columns; ++c) {
          x[c] += change[row * columns + c];
          y[c] -= change[row * columns + c];
        }
      }
    }
    deltas[r] = statistic(y) - statistic(x);
  });
  return deltas;
}

}  // namespace

PairedResult compare_paired(const CountTable& a, const CountTable& b, const Statistic& statistic,
                            const BootstrapOptions& options, const Job& job) {
  require(a.columns() == b.columns(), ErrorCode::kInvalidArgument,
          "tables of {} and {} columns cannot be compared", a.columns(), b.columns());
  const CountTable both = a.joined(b);
  const std::size_t columns = a.columns();
  const Statistic difference = [&](std::span<const std::int64_t> sums) {
    return statistic(sums.subspan(columns)) - statistic(sums.first(columns));
  };
  PairedResult result;
  result.a = statistic(a.sums());
  result.b = statistic(b.sums());
  const double delta = result.b - result.a;
  const std::vector<Statistic> statistics{difference};
  result.delta = bootstrap_intervals(both, statistics, options, job).front();

  if (std::isnan(delta) || a.rows() < 2) {
    result.p_bootstrap = result.p_randomization = std::numeric_limits<double>::quiet_NaN();
    return result;
  }
  std::size_t extreme = 0;
  const auto replicates = bootstrap_replicates(both, statistics, options, job).front();
  for (const double value : replicates) {
    extreme += !(std::abs(value - delta) < std::abs(delta) - kTie);
  }
  result.p_bootstrap = p_value(extreme, replicates.size());
  extreme = 0;
  for (const double value : randomized_deltas(a, b, statistic, options, job)) {
    extreme += !(std::abs(value) < std::abs(delta) - kTie);
  }
  result.p_randomization = p_value(extreme, replicates.size());
  return result;
}

Json to_json(const PairedResult& result) {
  Json json;
  json["a"] = number_or_null(result.a);
  json["b"] = number_or_null(result.b);
  json["delta"] = to_json(result.delta);
  json["p_bootstrap"] = number_or_null(result.p_bootstrap);
  json["p_randomization"] = number_or_null(result.p_randomization);
  return json;
}

}  // namespace nest::text
