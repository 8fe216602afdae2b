#include "nest/profile/bench.h"

#include <filesystem>
#include <sstream>

#include "nest/compress/activation_statistics.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/profile/contender.h"
#include "nest/recognize/executors.h"
#include "nest/runtime/prepared.h"

namespace nest::profile {
namespace {

constexpr std::string_view kStatic = "-static";
constexpr std::string_view kOnnx = "onnxruntime";
constexpr std::string_view kOnnxInt8 = "onnxruntime-int8";

bool is_onnx(std::string_view peer) {
  return peer == kOnnx || peer == kOnnxInt8;
}

/// "int8" of "int8-static".
graph::Precision storage_of(std::string_view precision) {
  if (precision.ends_with(kStatic)) precision.remove_suffix(kStatic.size());
  return from_name<graph::Precision>(precision);
}

void check_peer(const std::string& peer, const BenchOptions& options) {
  if (!is_onnx(peer)) {
    recognize::ExecutorOptions executor;
    executor.executor = peer;
    validate(executor);
    return;
  }
  require_field(!options.onnx_dir.empty(), "onnx_dir",
                "is missing; peer {} opens models of tools/peers/make_onnx.py there", peer);
  require_field(!options.peer_command.empty(), "peer_command",
                "is missing; peer {} needs a program, for example \"node "
                "tools/peers/ort_peer.cjs\"",
                peer);
}

/// What a precision's name stands for; fixed scales come from one run of the work itself.
graph::Quantization quantization_of(const SuiteItem& item, const Work& work,
                                    const std::string& precision) {
  graph::Quantization made{storage_of(precision)};
  if (!precision.ends_with(kStatic)) return made;
  graph::Model floats = item.model;
  floats.quantization = {};
  compress::ActivationStatistics seen({.calibrator = compress::Calibrator::kMinMax});
  const auto observed = runtime::prepare(std::move(floats), {}, &seen);
  native_contender("observed", observed, work)->run(1);
  made.activations = seen.scales();
  return made;
}

using Prepared = std::map<std::string, std::shared_ptr<const runtime::PreparedModel>>;

/// Each precision, packed once.
Prepared prepare_all(const SuiteItem& item, const Work& work, const BenchOptions& options) {
  Prepared all;
  for (const std::string& precision : options.precisions) {
    graph::Model model = item.model;
    model.quantization = quantization_of(item, work, precision);
    all[precision] = runtime::prepare(std::move(model), options.prepare);
  }
  return all;
}

std::vector<std::string> words_of(const std::string& command) {
  std::istringstream in(command);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::unique_ptr<Contender> make_peer(const std::string& peer, const SuiteItem& item,
                                     const Work& work, const BenchOptions& options) {
  if (is_onnx(peer)) {
    const auto file = std::filesystem::path(options.onnx_dir) /
                      (item.name + (peer == kOnnx ? ".onnx" : ".int8.onnx"));
    return peer_contender(peer, {words_of(options.peer_command), file, options.machine.threads},
                          work);
  }
  recognize::ExecutorOptions executor;
  executor.executor = peer;
  executor.machine.threads = options.machine.threads;
  return executor_contender(peer, recognize::make_runnable(item.model, executor).make_executor(),
                            work);
}

std::vector<Goal> goals_of(const SuiteItem& item, const std::vector<ContenderResult>& results) {
  std::vector<Goal> goals;
  for (const auto& result : results) {
    const auto precision = result.name.substr(result.name.find(' ') + 1);
    const auto limit = item.goal_ms.find(precision);
    if (result.name.starts_with("nest ") && limit != item.goal_ms.end()) {
      goals.push_back({result.name + " ms", limit->second, result.time.p50_ms,
                       result.time.p50_ms <= limit->second});
    }
    const auto ratio = item.goal_ratio.find(result.name);
    if (ratio != item.goal_ratio.end()) {
      goals.push_back({results.front().name + " times faster than " + result.name, ratio->second,
                       result.time_ratio, result.time_ratio >= ratio->second});
    }
  }
  return goals;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, BenchOptions& o) {
  visitor.group("Contenders");
  visitor.field("precisions", o.precisions,
                "of the native runtime, with -static for fixed activation scales; the first is the "
                "yardstick",
                {}, {.flag = "precision"});
  visitor.part("prepare", o.prepare);
  visitor.part("machine", o.machine);
  visitor.field("peers", o.peers,
                "torch, onnxruntime (NAME.onnx), onnxruntime-int8 (NAME.int8.onnx)", {},
                {.flag = "peer"});
  visitor.field("peer_command", o.peer_command,
                "starts ONNX Runtime, e.g. \"node tools/peers/ort_peer.cjs\" (default: "
                "NEST_ONNXRUNTIME_PEER)");
  visitor.field("onnx_dir", o.onnx_dir, "folder with the ONNX files of tools/peers/make_onnx.py");
  visitor.field("layers", o.layers, "time of every layer, equal layers of a stack added up");
  visitor.part("comparison", o.comparison);
}

void validate(const BenchOptions& options) {
  check_fields(options);
  require_field(!options.precisions.empty(), "precisions", "names none");
  for (const std::string& name : options.precisions) {
    require_field(!name.ends_with(kStatic) || graph::is_integer(storage_of(name)), "precisions",
                  "has {}; only int8 and int4 round activations", name);
  }
  for (const std::string& peer : options.peers) check_peer(peer, options);
}

Json to_json(const Goal& goal) {
  return {{"what", goal.what},
          {"goal", goal.goal},
          {"reached", goal.reached},
          {"is_reached", goal.is_reached}};
}

Json to_json(const BenchResult& result) {
  Json json;
  json["name"] = result.name;
  json["work"] = nest::to_json(result.work);
  json["contenders"] = Json::array();
  for (const auto& contender : result.contenders) json["contenders"].push_back(to_json(contender));
  json["goals"] = Json::array();
  for (const Goal& goal : result.goals) json["goals"].push_back(to_json(goal));
  for (const auto& [precision, layers] : result.layers) {
    for (const LayerTime& layer : layers) json["layers"][precision].push_back(to_json(layer));
  }
  return json;
}

std::string bench_text(const BenchResult& result) {
  std::string text = fmt::format("{}\n  {:<20} {:>9} {:>9} {:>9} {:>9} {:>10}\n", result.name, "",
                                 "p50 ms", "p95 ms", "min ms", "times", "max error");
  for (const ContenderResult& c : result.contenders) {
    text += fmt::format("  {:<20} {:9.3f} {:9.3f} {:9.3f} {:8.2f}x {:10.2g}\n", c.name,
                        c.time.p50_ms, c.time.p95_ms, c.time.min_ms, c.time_ratio, c.max_error);
  }
  for (const Goal& goal : result.goals) {
    text += fmt::format("  goal: {} {:g}, reached {:.3g}: {}\n", goal.what, goal.goal, goal.reached,
                        goal.is_reached ? "yes" : "no");
  }
  for (const auto& [precision, layers] : result.layers) {
    text += fmt::format("  {} layers\n", precision);
    for (const LayerTime& layer : layers) {
      text += fmt::format("  {:9.1f} us {:7.1f} GMAC/s {:6.1f} GB/s  {:<52} {}\n", layer.p50_us,
                          layer.executed_macs / layer.p50_us * 1e-3,
                          layer.weight_bytes / layer.p50_us * 1e-3, layer.name, layer.detail);
    }
  }
  return text;
}

BenchResult bench(const SuiteItem& item, const BenchOptions& options, const Job& job) {
  validate(options);
  const Work work = make_work(item.model, item.work);
  const Prepared prepared = prepare_all(item, work, options);
  ComparisonBenchmark benchmark(options.comparison);
  for (const std::string& precision : options.precisions) {
    benchmark.add(
        native_contender("nest " + precision, prepared.at(precision), work, options.machine),
        false);
  }
  for (const std::string& peer : options.peers) {
    benchmark.add(make_peer(peer, item, work, options),
                  options.precisions.front() == "fp32" && peer != kOnnxInt8);
  }
  BenchResult result{item.name, item.work, benchmark.run(job), {}, {}};
  result.goals = goals_of(item, result.contenders);
  if (!options.layers) return result;
  for (const auto& [precision, model] : prepared) {
    const LayerTimingProfiler profiler(model, work, options.machine);
    result.layers[precision] =
        grouped(profiler.run({.rounds = 1, .runs = options.comparison.runs}, job).layers);
  }
  return result;
}

}  // namespace nest::profile
