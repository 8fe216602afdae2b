#include "nest/profile/comparison.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <thread>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"

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

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void register_flags(Flags& flags, ComparisonOptions& options) {
  flags.group("Timing");
  flags.add("runs", options.runs, "timed runs of each contender");
  flags.add("turn", options.turn, "runs before the next contender's turn");
  flags.add("warmup", options.warmup, "untimed runs of each at the start");
  flags.add("rest-ms", options.rest_ms,
            "pause before a turn, in which the threads of the one before stop spinning");
  flags.add("tolerance", options.tolerance, "distance at which full-precision results are equal");
}

void validate(const ComparisonOptions& options) {
  require(options.runs >= 1 && options.runs <= 1000000, ErrorCode::kInvalidArgument,
          "--runs {} must be 1 to 1000000", options.runs);
  require(options.turn >= 1 && options.turn <= options.runs, ErrorCode::kInvalidArgument,
          "--turn {} must be 1 to --runs {}", options.turn, options.runs);
  require(options.warmup >= 0, ErrorCode::kInvalidArgument, "--warmup {} must not be negative",
          options.warmup);
  require(options.rest_ms >= 0 && options.rest_ms <= 10000, ErrorCode::kInvalidArgument,
          "--rest-ms {} must be 0 to 10000", options.rest_ms);
  require(options.tolerance > 0, ErrorCode::kInvalidArgument, "--tolerance {} must be positive",
          options.tolerance);
}

Json to_json(const ComparisonOptions& options) {
  return {{"runs", options.runs},
          {"turn", options.turn},
          {"warmup", options.warmup},
          {"rest_ms", options.rest_ms},
          {"tolerance", options.tolerance}};
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
  std::vector<std::vector<double>> times(entries_.size()), ratios(entries_.size());
  for (const Entry& entry : entries_) entry.contender->run(options_.warmup);
  for (int done = 0; done < options_.runs; done += options_.turn) {
    job.check_stop("nothing was written");
    const int count = std::min(options_.turn, options_.runs - done);
    double first = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Contender& contender = *entries_[i].contender;
      std::this_thread::sleep_for(std::chrono::milliseconds(options_.rest_ms));
      contender.run(1);  // its weights come back into the caches
      const std::vector<double> turn = contender.run(count);
      times[i].insert(times[i].end(), turn.begin(), turn.end());
      if (i == 0) first = median(turn);
      ratios[i].push_back(median(turn) / first);
    }
  }
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    results[i].time = summarize(times[i]);
    results[i].time_ratio = median(ratios[i]);
  }
  return results;
}

}  // namespace nest::profile
