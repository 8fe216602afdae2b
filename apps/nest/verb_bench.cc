#include <cstdlib>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "bench_suite.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/profile/comparison.h"
#include "nest/profile/layer_timing.h"
#include "nest/profile/machine.h"
#include "nest/recognize/executors.h"
#include "nest/runtime/peaks.h"
#include "terminal.h"

namespace nest {
namespace {

constexpr const char* kPeerVariable = "NEST_ONNXRUNTIME_PEER";
/// "int8-static": 8-bit activations of fixed scale, convolutions included.
constexpr std::string_view kStatic = "-static";

/// "int8" of "int8-static".
std::string storage_of(const std::string& precision) {
  return precision.ends_with(kStatic) ? precision.substr(0, precision.size() - kStatic.size())
                                      : precision;
}

struct BenchOptions {
  std::string suite;
  std::vector<std::string> only;
  std::string model;
  deploy::LoadOptions load;
  profile::WorkOptions work;
  profile::ComparisonOptions comparison;
  std::vector<std::string> precisions{"fp32", "bf16", "int8"};
  runtime::PrepareOptions prepare;
  runtime::MachineOptions machine;
  std::vector<std::string> peers;
  std::string peer_command;
  std::string onnx_dir;
  std::string save_models;
  bool layers = false;
  bool peaks = false;
  std::string output;
  bool json = false;
};

void register_flags(Flags& flags, BenchOptions& options) {
  flags.add("suite", options.suite, "YAML list of work (configs/bench.yaml)");
  flags.add("only", options.only, "names of the suite's work to measure");
  flags.add("model,checkpoint", options.model, ".pt or .safetensors, instead of a suite");
  register_flags(flags, options.load);
  register_flags(flags, options.work);
  flags.group("Contenders");
  flags.add("precision", options.precisions,
            "of the native runtime, with -static for fixed activation scales; the first is the "
            "yardstick");
  register_flags(flags, options.prepare);
  register_flags(flags, options.machine);
  flags.add("peer", options.peers,
            "torch, onnxruntime (NAME.onnx), onnxruntime-int8 (NAME.int8.onnx)");
  flags.add("peer-command", options.peer_command,
            "starts ONNX Runtime, e.g. \"node tools/peers/ort_peer.cjs\" (default: "
            "NEST_ONNXRUNTIME_PEER)");
  flags.add("onnx-dir", options.onnx_dir, "folder with the ONNX files of tools/peers/make_onnx.py");
  flags.add("save-models", options.save_models,
            "write every model as NAME.safetensors there and stop");
  register_flags(flags, options.comparison);
  flags.group("Report");
  flags.add("layers", options.layers, "time of every layer, equal layers of a stack added up");
  flags.add("peaks", options.peaks, "measure what the kernels reach on this machine at most");
  flags.add("output", options.output, "write the JSON there as well");
  flags.add("json", options.json, "print JSON");
}

bool is_onnx(const std::string& peer) {
  return peer == "onnxruntime" || peer == "onnxruntime-int8";
}

void validate(const BenchOptions& options) {
  validate(options.comparison);
  require(!options.precisions.empty(), ErrorCode::kInvalidArgument, "--precision names none");
  for (const std::string& name : options.precisions) {
    const auto storage = from_name<graph::Precision>(storage_of(name));
    require(!name.ends_with(kStatic) || graph::is_integer(storage), ErrorCode::kInvalidArgument,
            "--precision {}: only int8 and int4 round activations", name);
  }
  require(options.suite.empty() || options.model.empty(), ErrorCode::kInvalidArgument,
          "--suite and --model exclude each other");
  for (const std::string& peer : options.peers) {
    require(peer == "torch" || is_onnx(peer), ErrorCode::kInvalidArgument,
            "--peer {}: known are torch, onnxruntime, onnxruntime-int8", peer);
    require(!is_onnx(peer) || !options.onnx_dir.empty(), ErrorCode::kInvalidArgument,
            "--peer {} needs --onnx-dir with models of tools/peers/make_onnx.py", peer);
  }
}

std::vector<std::string> peer_command(const BenchOptions& options) {
  const char* variable = std::getenv(kPeerVariable);
  const std::string command =
      options.peer_command.empty() && variable != nullptr ? variable : options.peer_command;
  require(!command.empty(), ErrorCode::kInvalidArgument,
          "--peer onnxruntime needs a program: --peer-command or {}, for example \"node "
          "tools/peers/ort_peer.cjs\"",
          kPeerVariable);
  std::istringstream in(command);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// What a precision's name stands for; fixed scales come from one run of the work itself.
graph::Quantization quantization_of(const BenchItem& item, const profile::Work& work,
                                    const std::string& precision) {
  graph::Quantization made{from_name<graph::Precision>(storage_of(precision))};
  if (!precision.ends_with(kStatic)) return made;
  graph::Model floats = item.model;
  floats.quantization = {};
  const auto recording = runtime::prepare(std::move(floats), {.record_activations = true});
  profile::native_contender("recording", recording, work)->run(1);
  made.activations = runtime::activation_scales(recording->activation_maxima());
  return made;
}

std::shared_ptr<const runtime::PreparedModel> prepare(const BenchItem& item,
                                                      const profile::Work& work,
                                                      const BenchOptions& options,
                                                      const std::string& precision) {
  graph::Model model = item.model;
  model.quantization = quantization_of(item, work, precision);
  return runtime::prepare(std::move(model), options.prepare);
}

std::unique_ptr<profile::Contender> make_peer(const std::string& peer, const BenchItem& item,
                                              const profile::Work& work,
                                              const BenchOptions& options) {
  const int threads = options.machine.threads;
  if (peer == "torch") {
    recognize::ExecutorOptions torch;
    torch.executor = "torch";
    torch.machine.threads = threads;
    return profile::executor_contender(
        "torch", recognize::make_runnable(item.model, torch).make_executor(), work);
  }
  const auto file = std::filesystem::path(options.onnx_dir) /
                    (item.name + (peer == "onnxruntime" ? ".onnx" : ".int8.onnx"));
  return profile::peer_contender(peer, {peer_command(options), file, threads}, work);
}

Json goals_of(const BenchItem& item, const std::vector<profile::ContenderResult>& results) {
  Json goals = Json::array();
  const profile::ContenderResult& first = results.front();
  for (const auto& result : results) {
    const auto precision = result.name.substr(result.name.find(' ') + 1);
    const auto limit = item.goal_ms.find(precision);
    if (result.name.starts_with("nest ") && limit != item.goal_ms.end()) {
      goals.push_back({{"what", result.name + " ms"},
                       {"goal", limit->second},
                       {"reached", result.time.p50_ms},
                       {"is_reached", result.time.p50_ms <= limit->second}});
    }
    const auto ratio = item.goal_ratio.find(result.name);
    if (ratio != item.goal_ratio.end()) {
      goals.push_back({{"what", first.name + " times faster than " + result.name},
                       {"goal", ratio->second},
                       {"reached", result.time_ratio},
                       {"is_reached", result.time_ratio >= ratio->second}});
    }
  }
  return goals;
}

Json layers_of(const BenchItem& item, const profile::Work& work, const BenchOptions& options) {
  Json json;
  for (const std::string& precision : options.precisions) {
    const profile::LayerTimingProfiler profiler(prepare(item, work, options, precision), work,
                                                options.machine);
    for (const profile::LayerTime& layer :
         profile::grouped(profiler.run(options.comparison.runs, command_job()))) {
      json[precision].push_back(to_json(layer));
    }
  }
  return json;
}

Json measure(const BenchItem& item, const BenchOptions& options) {
  const profile::Work work = profile::make_work(item.model, item.work);
  profile::ComparisonBenchmark benchmark(options.comparison);
  for (const std::string& precision : options.precisions) {
    benchmark.add(
        profile::native_contender("nest " + precision, prepare(item, work, options, precision),
                                  work, options.machine),
        false);
  }
  for (const std::string& peer : options.peers) {
    benchmark.add(make_peer(peer, item, work, options),
                  options.precisions.front() == "fp32" && peer != "onnxruntime-int8");
  }
  const auto results = benchmark.run(command_job());
  Json json;
  json["name"] = item.name;
  json["work"] = to_json(item.work);
  for (const auto& result : results) json["contenders"].push_back(to_json(result));
  json["goals"] = goals_of(item, results);
  if (options.layers) json["layers"] = layers_of(item, work, options);
  return json;
}

Json peaks_json(runtime::Isa isa) {
  Json json = to_json(runtime::measure_peaks(isa));
  for (const std::size_t mb : {1, 4, 16, 64}) {
    json["weight_reading_gb_s"].push_back(
        {{"mb", mb}, {"gb_s", runtime::measure_weight_reading(isa, mb << 20)}});
  }
  return json;
}

double load_average() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : -1;
}

void print_item(const Json& item) {
  fmt::print("{}\n  {:<20} {:>9} {:>9} {:>9} {:>9} {:>10}\n", item.at("name").get<std::string>(),
             "", "p50 ms", "p95 ms", "min ms", "times", "max error");
  for (const Json& c : item.at("contenders")) {
    fmt::print("  {:<20} {:9.3f} {:9.3f} {:9.3f} {:8.2f}x {:10.2g}\n",
               c.at("name").get<std::string>(), c.at("p50_ms").get<double>(),
               c.at("p95_ms").get<double>(), c.at("min_ms").get<double>(),
               c.at("time_ratio").get<double>(), c.at("max_error").get<double>());
  }
  for (const Json& goal : item.at("goals")) {
    fmt::print("  goal: {} {:g}, reached {:.3g}: {}\n", goal.at("what").get<std::string>(),
               goal.at("goal").get<double>(), goal.at("reached").get<double>(),
               goal.at("is_reached").get<bool>() ? "yes" : "no");
  }
  if (!item.contains("layers")) return;
  for (const auto& [precision, layers] : item.at("layers").items()) {
    fmt::print("  {} layers\n", precision);
    for (const Json& layer : layers) {
      const double us = layer.at("p50_us").get<double>();
      fmt::print("  {:9.1f} us {:7.1f} GMAC/s {:6.1f} GB/s  {:<52} {}\n", us,
                 layer.at("executed_macs").get<double>() / us * 1e-3,
                 layer.at("weight_bytes").get<double>() / us * 1e-3,
                 layer.at("name").get<std::string>(), layer.at("detail").get<std::string>());
    }
  }
}

int save_models(const std::vector<BenchItem>& items, const std::string& folder) {
  for (const BenchItem& item : items) {
    const auto file = std::filesystem::path(folder) / (item.name + ".safetensors");
    deploy::save_model(item.model, file);
    fmt::print("{}\n", file.string());
  }
  return 0;
}

int run(const BenchOptions& options) {
  validate(options);
  const std::vector<BenchItem> items =
      options.suite.empty()
          ? std::vector<BenchItem>{single_item(options.model, options.load, options.work)}
          : read_suite(options.suite, options.only);
  if (!options.save_models.empty()) return save_models(items, options.save_models);
  Json report;
  report["machine"] = profile::machine_json();
  report["options"] = to_json(options.comparison);
  report["options"]["threads"] = options.machine.threads;
  report["load_average_before"] = load_average();
  if (options.peaks) report["peaks"] = peaks_json(runtime::choose_isa(options.machine.isa));
  for (const BenchItem& item : items) {
    report["work"].push_back(with_context(item.name, [&] { return measure(item, options); }));
    if (!options.json) print_item(report["work"].back());
  }
  report["load_average_after"] = load_average();
  if (!options.output.empty()) write_text_file(options.output, report.dump(0) + "\n");
  if (options.json) fmt::print("{}\n", report.dump(2));
  if (options.peaks && !options.json) fmt::print("{}\n", report["peaks"].dump(2));
  return 0;
}

}  // namespace

void add_bench(CommandLine& line) {
  line.add_verb("bench", "How fast is the native runtime, beside LibTorch and ONNX Runtime?",
                [](Flags& flags) -> CommandLine::Run {
                  auto options = std::make_shared<BenchOptions>();
                  register_flags(flags, *options);
                  return [options] { return run(*options); };
                });
}

}  // namespace nest
