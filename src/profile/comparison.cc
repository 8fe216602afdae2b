#include "nest/profile/comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/profile/statistics.h"
#include "turns.h"

namespace nest::profile {
namespace {

struct Distance {
  double largest = 0;
  double rms = 0;
};

/// Over the float outputs both have.
Distance distance_of(const TensorMap& got, const TensorMap& want, const std::string& name) {
  Distance distance;
  double error = 0, power = 1e-30;
  int compared = 0;
  for (const auto& [port, expected] : want) {
    const auto found = got.find(port);
    if (found == got.end() || expected.dtype() != DType::kF32) continue;
    require(found->second.shape() == expected.shape(), ErrorCode::kCheckFailed,
            "{}: output '{}' is {}, expected {}", name, port, to_string(found->second.shape()),
            to_string(expected.shape()));
    const auto a = found->second.data<float>(), b = expected.data<float>();
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double want_i = static_cast<double>(b[i]);
      const double d = std::fabs(static_cast<double>(a[i]) - want_i);
      distance.largest =
          std::max(distance.largest, std::isnan(d) ? 1e30 : d / (1 + std::fabs(want_i)));
      error += d * d;
      power += want_i * want_i;
    }
    ++compared;
  }
  require(compared > 0, ErrorCode::kInvalidArgument, "{}: no output of that name to compare", name);
  distance.rms = std::sqrt(error / power);
  return distance;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, ComparisonOptions& o) {
  visitor.group("Timing");
  visitor.field("runs", o.runs, "timed runs of each contender", between(1, 1000000));
  visitor.field("turn", o.turn, "runs before the next contender's turn", at_least(1));
  visitor.field("warmup", o.warmup, "untimed runs of each at the start", at_least(0));
  visitor.field("rest_ms", o.rest_ms,
                "pause before a turn, in which the threads of the one before stop spinning",
                between(0, 10000));
  visitor.field("tolerance", o.tolerance, "distance at which full-precision results are equal",
                above(0));
}

void validate(const ComparisonOptions& options) {
  check_fields(options);
  require_field(options.turn <= options.runs, "turn", "is {}; it must be from 1 to {}, the `runs`",
                options.turn, options.runs);
}

TimeSummary summarize(std::vector<double> times) {
  require(!times.empty(), ErrorCode::kInvalidArgument, "no times to summarize");
  std::sort(times.begin(), times.end());
  const auto rank = [&](double share) {
    const double index = std::ceil(share * static_cast<double>(times.size())) - 1;
    return times[static_cast<std::size_t>(std::max(0.0, index))];
  };
  return {static_cast<int>(times.size()), times.front(), rank(0.5), rank(0.95),
          std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size())};
}

Json to_json(const TimeSummary& summary) {
  return {{"runs", summary.runs},
          {"min_ms", summary.min_ms},
          {"p50_ms", summary.p50_ms},
          {"p95_ms", summary.p95_ms},
          {"mean_ms", summary.mean_ms}};
}

Json to_json(const ContenderResult& result) {
  Json json;
  json["name"] = result.name;
  json.update(to_json(result.time));
  json["time_ratio"] = result.time_ratio;
  json["max_error"] = result.max_error;
  json["rms_error"] = result.rms_error;
  json["info"] = result.info;
  return json;
}

ComparisonBenchmark::ComparisonBenchmark(const ComparisonOptions& options) : options_(options) {
  validate(options_);
}

void ComparisonBenchmark::add(std::unique_ptr<Contender> contender, bool is_exact) {
  entries_.push_back({std::move(contender), is_exact});
}

std::vector<ContenderResult> ComparisonBenchmark::run(const Job& job) {
  require(!entries_.empty(), ErrorCode::kInvalidArgument, "nothing to measure");
  std::vector<ContenderResult> results;
  const TensorMap expected = entries_.front().contender->outputs();
  for (const Entry& entry : entries_) {
    const std::string& name = entry.contender->name();
    const Distance distance = distance_of(entry.contender->outputs(), expected, name);
    require(!entry.is_exact || distance.largest <= options_.tolerance, ErrorCode::kCheckFailed,
            "{} differs from {} by {:.2g}, more than {:g}: not the same model, not compared", name,
            entries_.front().contender->name(), distance.largest, options_.tolerance);
    results.push_back({name, {}, 1, distance.largest, distance.rms, entry.contender->info()});
  }
  std::vector<Contender*> contenders;
  for (const Entry& entry : entries_) contenders.push_back(entry.contender.get());
  const std::vector<Turns> turns = take_turns(contenders, options_, job);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    results[i].time = summarize(turns[i].times);
    results[i].time_ratio = median(turns[i].ratios);
  }
  return results;
}

}  // namespace nest::profile
