#include "nest/profile/profile_run.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "median_interval.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/profile/machine.h"
#include "nest/profile/statistics.h"

namespace nest::profile {
namespace {

ModelProfiler profiler_of(const recognize::RunnableModel& runnable) {
  return runnable.prepared != nullptr ? ModelProfiler(runnable.prepared)
                                      : ModelProfiler(graph::Model(*runnable.model));
}

LayerTimingProfiler timer_of(const recognize::RunnableModel& runnable, const Work& work) {
  if (runnable.prepared != nullptr)
    return LayerTimingProfiler(runnable.prepared, work, runnable.executor.machine);
  return LayerTimingProfiler([runnable] { return runnable.make_executor(); }, work);
}

Json overhead_json(const std::vector<double>& rounds) {
  const MedianInterval interval = median_interval(rounds);
  return {{"median", median(rounds)},
          {"low", interval.low},
          {"high", interval.high},
          {"confidence", interval.confidence},
          {"rounds", rounds}};
}

std::string overhead_text(const std::vector<double>& rounds) {
  const MedianInterval interval = median_interval(rounds);
  return fmt::format("  timing itself: {:+.2f} % of a run ({:+.2f} to {:+.2f}, {:.0f} % sure)\n",
                     100 * median(rounds), 100 * interval.low, 100 * interval.high,
                     100 * interval.confidence);
}

Json timing_json(const GraphTiming& timing) {
  Json json{{"graph", timing.graph},
            {"all", to_json(timing.times.all)},
            {"overhead", overhead_json(timing.times.overhead_rounds)},
            {"machine_round_us", timing.times.machine_round_us}};
  json["layers"] = Json::array();
  for (const LayerTime& layer : timing.times.layers) json["layers"].push_back(to_json(layer));
  return json;
}

/// Times of the counted layers, where a step has their name.
void add_times(const ProfileReport& report, Json& layers) {
  std::map<std::pair<std::string, std::string>, double> us;
  for (const GraphTiming& timing : report.timing) {
    for (const LayerTime& layer : timing.times.layers)
      us[{timing.graph, layer.name}] += layer.p50_us;
  }
  for (Json& layer : layers) {
    const auto found =
        us.find({layer.at("graph").get<std::string>(), layer.at("name").get<std::string>()});
    if (found != us.end()) layer["p50_us"] = found->second;
  }
}

std::string timing_text(const GraphTiming& timing) {
  std::string text = fmt::format("times of graph {}, us\n  {:>9} {:>9} {:>9} {:>7} {:>7} {:>6}\n",
                                 timing.graph, "min", "median", "p95", "GMAC/s", "GB/s", "%");
  const auto row = [&](const LayerTime& layer) {
    const double us = std::max(1e-9, layer.p50_us);
    return fmt::format(
        "  {:9.1f} {:9.1f} {:9.1f} {:7.1f} {:7.1f} {:6.1f}  {:<44} {}\n", layer.min_us,
        layer.p50_us, layer.p95_us, layer.executed_macs / us * 1e-3, layer.weight_bytes / us * 1e-3,
        100 * layer.p50_us / std::max(1e-9, timing.times.all.p50_us), layer.name, layer.detail);
  };
  for (const LayerTime& layer : grouped(timing.times.layers)) text += row(layer);
  return text + row(timing.times.all) + overhead_text(timing.times.overhead_rounds);
}

}  // namespace

void visit_fields(FieldVisitor& visitor, ProfileOptions& o) {
  visitor.part("work", o.work);
  visitor.group("Measuring");
  visitor.part("timing", o.timing);
  visitor.field("no_timing", o.no_timing, "count and plan alone");
  visitor.field("throughput", o.throughput, "also time several batch sizes");
  visitor.part("batches", o.batches);
  visitor.field("training", o.training, "also measure the memory of a step of training (LibTorch)");
}

void validate(const ProfileOptions& options) {
  check_fields(options);
  validate(options.batches);
}

ProfileReport profile_model(const recognize::RunnableModel& runnable, const ProfileOptions& options,
                            const Job& job) {
  validate(options);
  require_field(!options.training || runnable.prepared == nullptr, "training",
                "is measured on LibTorch: choose the executor torch");
  const ModelProfiler profiler = profiler_of(runnable);
  ProfileReport report{profiler.profile_summary(options.work), runnable.make_executor()->describe(),
                       runnable.executor};
  for (const WorkOptions& each : report.counted.works)
    report.memory.push_back(MemoryProfiler(profiler.prepared()).inference(each));
  const NoiseWatch watch;
  if (!options.no_timing) {
    for (const WorkOptions& each : report.counted.works) {
      const Work work = make_work(profiler.model(), each);
      report.timing.push_back({each.graph, timer_of(runnable, work).run(options.timing, job)});
    }
    std::vector<double> ms = report.timing.front().times.all.round_us;
    for (double& each : ms) each *= 1e-3;
    report.noise = watch.reasons(quantiles(std::move(ms)));
  }
  if (options.throughput) {
    report.throughput = ThroughputBenchmark(runnable, report.counted.works.front())
                            .measure_throughput(options.batches, job);
  }
  if (options.training) report.training = MemoryProfiler::training(*runnable.model, options.work);
  return report;
}

std::vector<LayerTime> timed_layers(const ProfileReport& report) {
  std::vector<LayerTime> layers;
  for (const GraphTiming& timing : report.timing)
    layers.insert(layers.end(), timing.times.layers.begin(), timing.times.layers.end());
  return layers;
}

Json to_json(const ProfileReport& report) {
  Json json = to_json(report.counted);
  json["executor"] = report.executor;
  json["options"] = nest::to_json(report.options);
  json["options"]["threads"] = report.options.machine.threads;
  json["machine"] = machine_json();
  json["memory"] = Json::array();
  for (const MemoryProfile& memory : report.memory) json["memory"].push_back(to_json(memory));
  if (!report.timing.empty()) {
    for (const GraphTiming& timing : report.timing) json["timing"].push_back(timing_json(timing));
    json["noise"] = report.noise;
    add_times(report, json["layers"]);
  }
  for (const BatchThroughput& each : report.throughput) json["throughput"].push_back(to_json(each));
  if (report.training) json["training"] = to_json(*report.training);
  return json;
}

std::string report_text(const ProfileReport& report) {
  std::string text = profile_text(report.counted) + report.executor + "\n";
  for (const MemoryProfile& memory : report.memory) text += memory_text(memory);
  for (const GraphTiming& timing : report.timing) text += timing_text(timing);
  if (!report.throughput.empty()) text += "throughput\n" + throughput_text(report.throughput);
  if (report.training) text += training_text(*report.training);
  if (!report.noise.empty()) text += fmt::format("noisy: {}\n", fmt::join(report.noise, "; "));
  return text;
}

}  // namespace nest::profile
