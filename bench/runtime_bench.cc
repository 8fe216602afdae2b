// Times of the native runtime at the sizes of configs/model.yaml: batch 1, 104 channels, 500
// samples.
//
//   nest_bench_runtime [configs/model.yaml] [--precision int8] [--only NAME] [--threads N]
//   [--steps]
//
// One JSON line a work item: median, minimum and 90th percentile in milliseconds of 60 runs.
#include <algorithm>
#include <chrono>
#include <functional>

#include <fmt/format.h>

#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/runtime/session.h"

namespace nest {
namespace {

using runtime::Session;

struct Arguments {
  std::string config = "configs/model.yaml";
  std::string only;
  bool steps = false;
  runtime::Options options;
};

double now_ms() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void fill(std::span<float> values, std::uint64_t seed) {
  Rng rng(seed);
  for (float& v : values) v = static_cast<float>(rng.normal());
}

std::vector<double> times_of(const std::function<void()>& work) {
  for (int i = 0; i < 10; ++i) work();
  std::vector<double> times;
  for (int i = 0; i < 60; ++i) {
    const double begin = now_ms();
    work();
    times.push_back(now_ms() - begin);
  }
  std::sort(times.begin(), times.end());
  return times;
}

void report(const std::string& name, const Arguments& arguments, const std::vector<double>& times,
            std::int64_t arena, std::size_t weights) {
  Json line;
  line["name"] = name;
  line["precision"] = arguments.options.precision;
  line["threads"] = arguments.options.threads;
  line["median_ms"] = times[times.size() / 2];
  line["min_ms"] = times.front();
  line["p90_ms"] = times[times.size() * 9 / 10];
  line["arena_bytes"] = arena;
  line["weight_bytes"] = weights;
  fmt::print("{}\n", line.dump());
  std::fflush(stdout);
}

void print_steps(Session& session) {
  std::vector<double> best;
  for (int i = 0; i < 30; ++i) {
    session.run();
    const auto times = session.step_times();
    best.resize(times.size(), 1e9);
    for (std::size_t s = 0; s < times.size(); ++s) best[s] = std::min(best[s], times[s].seconds);
  }
  const auto times = session.step_times();
  for (std::size_t s = 0; s < times.size(); ++s) {
    fmt::print("  {:8.1f} us {:7.1f} GMAC/s {:6.1f} GB/s  {:<40} {}\n", best[s] * 1e6,
               times[s].macs / best[s] / 1e9, times[s].weight_bytes / best[s] / 1e9, times[s].name,
               times[s].detail);
  }
}

std::shared_ptr<const runtime::PreparedModel> prepare(graph::Model model,
                                                      const Arguments& arguments) {
  Rng rng(7);
  graph::initialize_weights(model, rng);
  return std::make_shared<const runtime::PreparedModel>(std::move(model), arguments.options);
}

void bench_graph(const std::string& name, graph::Model model, const std::string& graph,
                 const std::string& input, const Arguments& arguments) {
  const auto prepared = prepare(std::move(model), arguments);
  Session session(prepared, graph, {{"B", 1}, {"T", 500}});
  fill(session.input(input), 3);
  const auto times = times_of([&] { session.run(); });
  report(name, arguments, times, session.arena_bytes(), prepared->weight_bytes());
  if (arguments.steps) print_steps(session);
}

void bench_decoder(const std::string& name, graph::Model model, int beams,
                   const Arguments& arguments) {
  const auto prepared = prepare(std::move(model), arguments);
  Session session(prepared, {.graph = "decoder_step",
                             .bindings = {{"B", beams}, {"T", 15}},
                             .present = {},
                             .constant = {"encoder_output"},
                             .pool = nullptr});
  fill(session.input("encoder_output"), 4);
  const auto times = times_of([&] {
    session.reset();
    session.refresh();
    for (std::int64_t& token : session.input_i64("token")) token = 2;
    for (int step = 0; step < 20; ++step) {
      session.run();
      const auto logits = session.output("logits");
      const std::size_t vocab = logits.size() / static_cast<std::size_t>(beams);
      for (std::size_t b = 0; b < static_cast<std::size_t>(beams); ++b) {
        const auto row = logits.subspan(b * vocab, vocab);
        session.input_i64("token")[b] = std::max_element(row.begin(), row.end()) - row.begin();
      }
      session.advance();
    }
  });
  report(name, arguments, times, session.arena_bytes(), prepared->weight_bytes());
  if (arguments.steps) print_steps(session);
}

void run(const Arguments& arguments) {
  const Config config = Config::load(arguments.config);
  const auto wanted = [&](const std::string& name) {
    return arguments.only.empty() || arguments.only == name;
  };
  const auto model = [&](const char* key) { return graph::build_model(key, config.at(key)); };
  const char* eegnet = "{n_channels: 104, n_pointwise_filters: 128}";
  if (wanted("eegnet"))
    bench_graph("eegnet", graph::build_block("EEGNet", Config::parse(eegnet)), "block", "x",
                arguments);
  if (wanted("bilstm")) bench_graph("bilstm", model("nest_ctc"), "encoder", "eeg_data", arguments);
  if (wanted("bigru"))
    bench_graph("bigru", model("nest_attention"), "encoder", "eeg_data", arguments);
  if (wanted("transformer"))
    bench_graph("transformer", model("nest_transformer_t"), "encoder", "eeg_data", arguments);
  if (wanted("conformer"))
    bench_graph("conformer", model("nest_conformer"), "encoder", "eeg_data", arguments);
  if (wanted("decoder20")) bench_decoder("decoder20", model("nest_attention"), 1, arguments);
  if (wanted("decoder20_beam5"))
    bench_decoder("decoder20_beam5", model("nest_attention"), 5, arguments);
}

}  // namespace
}  // namespace nest

int main(int argc, char** argv) {
  nest::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const auto value = [&] { return i + 1 < argc ? std::string(argv[++i]) : std::string(); };
    if (flag == "--precision") {
      arguments.options.precision = value();
    } else if (flag == "--only") {
      arguments.only = value();
    } else if (flag == "--threads") {
      arguments.options.threads = std::stoi(value());
    } else if (flag == "--isa") {
      arguments.options.isa = value();
    } else if (flag == "--steps") {
      arguments.steps = arguments.options.profile = true;
    } else {
      arguments.config = flag;
    }
  }
  try {
    nest::run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 4;
  }
  return 0;
}
