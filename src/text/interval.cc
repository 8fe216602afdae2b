#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "nest/core/error.h"
#include "nest/core/json_number.h"
#include "nest/core/options.h"
#include "nest/text/bootstrap.h"
#include "text/nan.h"

namespace nest::text {
namespace {

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double quantile(const std::vector<double>& sorted, double probability) {
  if (std::isnan(probability)) return kNan;
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double weight = position - static_cast<double>(below);
  return sorted[below] + weight * (sorted[above] - sorted[below]);
}

/// Efron 1987: a sixth of the skewness of the leave-one-out values, with opposite sign.
double acceleration(std::span<const double> leave_one_out) {
  double mean = 0;
  for (const double value : leave_one_out) mean += value;
  mean /= static_cast<double>(leave_one_out.size());
  double squares = 0;
  double cubes = 0;
  for (const double value : leave_one_out) {
    const double d = mean - value;
    squares += d * d;
    cubes += d * d * d;
  }
  return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
}

/// Probability at which BCa reads the quantile instead of `nominal`.
double corrected(double nominal, double bias, double acceleration) {
  const double shifted = bias + normal_quantile(nominal);
  return normal_cdf(bias + shifted / (1 - acceleration * shifted));
}

double bias_of(const std::vector<double>& sorted, double estimate) {
  const auto below = std::lower_bound(sorted.begin(), sorted.end(), estimate) - sorted.begin();
  const auto upto = std::upper_bound(sorted.begin(), sorted.end(), estimate) - sorted.begin();
  return normal_quantile(static_cast<double>(below + upto) /
                         (2 * static_cast<double>(sorted.size())));
}

double standard_deviation(const std::vector<double>& values) {
  if (values.size() < 2) return kNan;
  double mean = 0;
  for (const double value : values) mean += value;
  mean /= static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace

double normal_quantile(double p) {
  if (!(p > 0 && p < 1)) {
    if (p == 0) return -std::numeric_limits<double>::infinity();
    if (p == 1) return std::numeric_limits<double>::infinity();
    return kNan;
  }
  // Odeh & Evans 1974 as a start, then Newton steps on the distribution function itself.
  const double tail = std::min(p, 1 - p);
  const double t = std::sqrt(-2 * std::log(tail));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                     (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int i = 0; i < 4; ++i) {
    const double error = 0.5 * std::erfc(x / std::numbers::sqrt2) - tail;
    const double density = std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
    if (density <= 0) break;
    const double step = error / density;
    x += step / (1 - 0.5 * step * x);
  }
  return p < 0.5 ? -x : x;
}

Interval interval_from_replicates(std::vector<double> replicates, double estimate,
                                  std::span<const double> leave_one_out, IntervalMethod method,
                                  double confidence) {
  const std::size_t count = replicates.size();
  std::erase_if(replicates, [](double value) { return std::isnan(value); });
  Interval interval{estimate, kNan, kNan, kNan, 0, count - replicates.size()};
  if (replicates.empty() || std::isnan(estimate)) return interval;
  std::sort(replicates.begin(), replicates.end());
  double low = (1 - confidence) / 2;
  double high = 1 - low;
  if (method == IntervalMethod::kBca) {
    require(!leave_one_out.empty(), ErrorCode::kInvalidArgument,
            "a BCa interval needs the leave-one-out values");
    const double bias = bias_of(replicates, estimate);
    const double a = acceleration(leave_one_out);
    low = std::isfinite(bias) ? corrected(low, bias, a) : kNan;
    high = std::isfinite(bias) ? corrected(high, bias, a) : kNan;
  }
  interval.low = quantile(replicates, low);
  interval.high = quantile(replicates, high);
  interval.standard_error = standard_deviation(replicates);
  return interval;
}

Json to_json(const Interval& interval) {
  Json json;
  json["estimate"] = number_or_null(interval.estimate);
  json["low"] = number_or_null(interval.low);
  json["high"] = number_or_null(interval.high);
  json["standard_error"] = number_or_null(interval.standard_error);
  json["units"] = interval.units;
  if (interval.undefined > 0) json["undefined_replicates"] = interval.undefined;
  return json;
}

EnumTable enum_table(IntervalMethod /*of*/) {
  static constexpr EnumName kNames[] = {{IntervalMethod::kPercentile, "percentile"},
                                        {IntervalMethod::kBca, "bca"}};
  return {"interval", kNames};
}

void visit_fields(FieldVisitor& visitor, BootstrapOptions& o) {
  visitor.field("method", o.method, "how intervals are taken", {}, {.flag = "interval"});
  visitor.field("replicates", o.replicates, "bootstrap samples", between(1, 10'000'000));
  visitor.field("confidence", o.confidence, "level of the intervals", above(0).below(1));
  visitor.field("seed", o.seed, "seed of the resampling");
  visitor.field("threads", o.threads, "0: all cores", at_least(0),
                {.has_flag = false, .is_stored = false});
}

}  // namespace nest::text
