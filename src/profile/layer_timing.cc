#include "nest/profile/layer_timing.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <map>

#include "executor_run.h"
#include "native_run.h"
#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/graph/node_clock.h"
#include "nest/profile/comparison.h"
#include "nest/profile/statistics.h"

namespace nest::profile {
namespace {

/// "layers.3.linear1" -> "layers.*.linear1"
std::string without_numbers(const std::string& name) {
  std::string text;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    const bool is_number =
        !part.empty() && std::ranges::all_of(part, [](unsigned char c) { return std::isdigit(c); });
    text += (begin == 0 ? "" : ".") + (is_number ? "*" : part);
    begin = end + 1;
  }
  return text;
}

/// Microseconds of one layer.
struct Samples {
  std::vector<double> now;  ///< of the round that runs
  std::vector<double> all;
  std::vector<double> rounds;

  void end_round() {
    rounds.push_back(median(now));
    all.insert(all.end(), now.begin(), now.end());
    now.clear();
  }
  void summarize(LayerTime& layer) {
    const TimeSummary summary = profile::summarize(all);
    layer.min_us = summary.min_ms;
    layer.p50_us = summary.p50_ms;
    layer.p95_us = summary.p95_ms;
    layer.round_us = std::move(rounds);
  }
};

}  // namespace

Json to_json(const LayerTime& layer) {
  return {{"name", layer.name},
          {"detail", layer.detail},
          {"min_us", layer.min_us},
          {"p50_us", layer.p50_us},
          {"p95_us", layer.p95_us},
          {"executed_macs", layer.executed_macs},
          {"weight_bytes", layer.weight_bytes},
          {"round_us", layer.round_us}};
}

void visit_fields(FieldVisitor& visitor, LayerTimingOptions& o) {
  visitor.field("rounds", o.rounds, "sessions whose layers are timed", between(1, 10000));
  visitor.field("runs", o.runs, "timed runs of each round", between(1, 1000000));
}

/// What times one session's layers.
class LayerTimingProfiler::Round {
 public:
  virtual ~Round() = default;
  /// One run; seconds of each layer are valid until the next.
  virtual void run() = 0;
  /// One run that is not timed.
  virtual void run_plain() = 0;
  std::vector<LayerTime> layers;  ///< without times
  std::vector<double> seconds;
};

class LayerTimingProfiler::NativeRound final : public Round {
 public:
  NativeRound(const std::shared_ptr<const runtime::PreparedModel>& prepared, const Work& work,
              const runtime::MachineOptions& machine)
      : native_(prepared, work, {machine, true}), plain_(prepared, work, {machine, false}) {
    plain_.once([](const runtime::Session&) {});
    native_.once([](const runtime::Session&) {});
    for (const auto& step : native_.session().step_times()) {
      const double passes = step.is_constant ? 1 : work.steps;
      LayerTime layer{std::string(step.name), std::string(step.detail)};
      layer.executed_macs = step.executed_macs * passes;
      layer.weight_bytes = step.weight_bytes * passes;
      layers.push_back(std::move(layer));
    }
  }
  void run() override {
    seconds.assign(layers.size(), 0);
    native_.once([&](const runtime::Session& session) {
      const auto times = session.step_times();
      for (std::size_t s = 0; s < times.size(); ++s) seconds[s] += times[s].seconds;
    });
  }

  void run_plain() override {
    plain_.once([](const runtime::Session&) {});
  }

 private:
  NativeRun native_;
  NativeRun plain_;
};

class LayerTimingProfiler::ExecutorRound final : public Round {
 public:
  ExecutorRound(std::unique_ptr<graph::Executor> executor, const Work& work)
      : executor_(std::move(executor)),
        clock_(dynamic_cast<graph::NodeClock*>(executor_.get())),
        work_(work) {
    require(clock_ != nullptr, ErrorCode::kUnsupported,
            "executor '{}' does not time its nodes; native does", executor_->describe());
    clock_->time_nodes(true);
    run_passes(*executor_, work_, [](const TensorMap&) {});
    for (const graph::NodeTime& time : clock_->node_times()) {
      LayerTime layer;
      layer.name = time.node;
      layer.detail = executor_->describe();
      layers.push_back(std::move(layer));
    }
  }
  void run() override {
    clock_->time_nodes(true);
    seconds.assign(layers.size(), 0);
    run_passes(*executor_, work_, [&](const TensorMap&) {
      const auto& times = clock_->node_times();
      for (std::size_t i = 0; i < times.size(); ++i) seconds[i] += times[i].seconds;
    });
  }
  void run_plain() override {
    clock_->time_nodes(false);
    run_passes(*executor_, work_, [](const TensorMap&) {});
  }

 private:
  std::unique_ptr<graph::Executor> executor_;
  graph::NodeClock* clock_;
  Work work_;
};

LayerTimingProfiler::LayerTimingProfiler(std::shared_ptr<const runtime::PreparedModel> prepared,
                                         const Work& work, const runtime::MachineOptions& machine)
    : begin_round_([=] { return std::make_unique<NativeRound>(prepared, work, machine); }) {}

LayerTimingProfiler::LayerTimingProfiler(
    std::function<std::unique_ptr<graph::Executor>()> make_executor, const Work& work)
    : begin_round_([=, make = std::move(make_executor)] {
        return std::make_unique<ExecutorRound>(make(), work);
      }) {}

namespace {

/// Wall times of runs with a clock and without, in turns.
class Overhead {
 public:
  template <class Timed, class Plain>
  void pair(const Timed& timed, const Plain& plain) {
    if (is_timed_first_) timed_us_.push_back(us_of(timed));
    plain_us_.push_back(us_of(plain));
    if (!is_timed_first_) timed_us_.push_back(us_of(timed));
    is_timed_first_ = !is_timed_first_;
  }
  void end_round() {
    const double plain_us = std::max(1e-9, *std::ranges::min_element(plain_us_));
    rounds_.push_back(*std::ranges::min_element(timed_us_) / plain_us - 1);
    timed_us_.clear();
    plain_us_.clear();
  }
  const std::vector<double>& rounds() const { return rounds_; }

 private:
  template <class Run>
  static double us_of(const Run& run) {
    const auto begin = std::chrono::steady_clock::now();
    run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() * 1e6;
  }

  bool is_timed_first_ = true;
  std::vector<double> timed_us_, plain_us_, rounds_;
};

}  // namespace

LayerTimes LayerTimingProfiler::run(const LayerTimingOptions& options, const Job& job) const {
  nest::validate(options);
  Progress progress(job, "time layers", options.rounds, "rounds");
  LayerTimes times;
  std::vector<Samples> samples;
  Overhead overhead;
  for (int r = 0; r < options.rounds; ++r) {
    job.check_stop("nothing was written");
    const std::unique_ptr<Round> round = begin_round_();
    if (r == 0) {
      times.layers = round->layers;
      samples.resize(round->layers.size() + 1);
    }
    times.machine_round_us.push_back(machine_ms() * 1e3);
    for (int run = 0; run < options.runs; ++run) {
      overhead.pair([&] { round->run(); }, [&] { round->run_plain(); });
      double sum = 0;
      for (std::size_t i = 0; i < round->seconds.size(); ++i) {
        samples[i].now.push_back(round->seconds[i] * 1e6);
        sum += round->seconds[i] * 1e6;
      }
      samples.back().now.push_back(sum);
    }
    for (Samples& each : samples) each.end_round();
    overhead.end_round();
    progress.advance();
  }
  times.overhead_rounds = overhead.rounds();
  times.all.name = "all";
  for (std::size_t i = 0; i < times.layers.size(); ++i) {
    samples[i].summarize(times.layers[i]);
    times.all.executed_macs += times.layers[i].executed_macs;
    times.all.weight_bytes += times.layers[i].weight_bytes;
  }
  samples.back().summarize(times.all);
  return times;
}

std::vector<LayerTime> grouped(const std::vector<LayerTime>& layers) {
  std::vector<LayerTime> groups;
  std::map<std::string, std::size_t> index;
  for (const LayerTime& layer : layers) {
    const std::string name = without_numbers(layer.name);
    const auto [found, is_new] = index.emplace(name + " " + layer.detail, groups.size());
    if (is_new) {
      groups.push_back(layer);
      groups.back().name = name;
      continue;
    }
    LayerTime& group = groups[found->second];
    group.p50_us += layer.p50_us;
    group.min_us += layer.min_us;
    group.p95_us += layer.p95_us;
    for (std::size_t r = 0; r < group.round_us.size(); ++r) group.round_us[r] += layer.round_us[r];
    group.executed_macs += layer.executed_macs;
    group.weight_bytes += layer.weight_bytes;
  }
  return groups;
}

}  // namespace nest::profile
