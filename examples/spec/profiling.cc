// profiling MODEL CONFIG.yaml: the specification's "Profiling Tools", on a trained model and on the
// configuration's full-size models with random weights.
#include <cstdio>

#include <nest/core/config.h>
#include <nest/core/error.h>
#include <nest/core/json.h>
#include <nest/graph/factory.h>
#include <nest/profile/comparison.h>
#include <nest/profile/layer_timing.h>
#include <nest/profile/memory_profiler.h>
#include <nest/profile/model_profiler.h>
#include <nest/profile/suite.h>
#include <nest/profile/throughput.h>
#include <nest/recognize/bundle.h>

#include "promise.h"

using namespace nest;

namespace {

void model_profiling(const graph::Model& model) {
  const profile::ModelProfiler profiler(model);
  const profile::WorkOptions work{.graph = "", .length = 500};

  // Count parameters
  const profile::ParameterCounts params = profiler.count_parameters();
  std::printf("Total: %lld\nTrainable: %lld\n", static_cast<long long>(params.total),
              static_cast<long long>(params.trainable));
  promise(params.trainable == model.num_parameters() && params.total >= params.trainable,
          "count_parameters tells trainable ones from buffers");

  // Count FLOPs
  const graph::Operations flops = profiler.count_flops(work);
  std::printf("MACs: %.3f G\nFLOPs: %.3f G\n", flops.gmacs(), flops.gflops());
  promise(flops.flops >= 2 * flops.macs && flops.macs > 0, "FLOPs are not MACs");

  // Estimate memory
  const profile::MemoryEstimate memory = profiler.estimate_memory(work);
  std::printf("Memory: %.2f MB\n", memory.total_mb());
  const profile::MemoryProfile used =
      profile::MemoryProfiler(profiler.prepared()).inference({.length = 500});
  promise(
      used.measured_bytes <= used.planned_bytes &&
          static_cast<double>(used.measured_bytes) > 0.99 * static_cast<double>(used.planned_bytes),
      "planned memory is what a run uses, within 1 %");

  // Complete summary
  const profile::ModelProfile summary = profiler.profile_summary(work);
  std::int64_t macs = 0;
  for (const profile::LayerProfile& layer : summary.layers) macs += layer.cost.macs;
  promise(macs == flops.macs, "the layers of the summary add up");
}

void layer_timing(const profile::ModelProfiler& profiler) {
  const profile::LayerTimes times =
      profile::LayerTimingProfiler(profiler.prepared(), profile::make_work(profiler.model(), {}))
          .run();
  double sum_us = 0;
  for (const profile::LayerTime& layer : times.layers) sum_us += layer.min_us;
  promise(times.layers.size() > 5 && sum_us <= times.all.p95_us, "a time for every layer");
}

void throughput(const graph::Model& model) {
  const profile::ThroughputBenchmark benchmark(recognize::make_runnable(model), {.length = 500});
  const auto results = benchmark.measure_throughput({.batch_sizes = {1, 4, 8}, .runs = 30});
  for (const profile::BatchThroughput& metrics : results)
    std::printf("Batch %lld: %.1f samples/sec\n", static_cast<long long>(metrics.batch),
                metrics.items_per_s);
  promise(results.size() == 3 && results[0].items_per_s > 0 && !results[0].latency.p999_ms,
          "throughput by batch size; p99.9 only where there are runs enough");
}

void comparison(const Config& config) {
  const auto family = [&](const char* key) {
    return recognize::make_runnable(
        profile::with_random_weights(graph::build_model(key, config.at(key))));
  };
  const auto compared = profile::ComparisonBenchmark::compare_models(
      {{"NEST-RNN", family("nest_rnn_t")},
       {"NEST-Transformer", family("nest_transformer_t")},
       {"NEST-Attention", family("nest_attention")}},
      {.length = 500}, {.runs = 10});
  std::printf("%s", profile::ComparisonBenchmark::print_comparison(compared).c_str());
  promise(compared.size() == 3 && compared[0].parameters > 0 && compared[0].time.p50_ms > 0,
          "models side by side, counted and timed");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: profiling MODEL CONFIG.yaml\n"), 2;
  const graph::Model model = recognize::load_weights(argv[1]);
  model_profiling(model);
  layer_timing(profile::ModelProfiler(model));
  throughput(model);
  comparison(Config::load(argv[2]));
} catch (const Error& error) {
  std::fprintf(stderr, "profiling: %s\n", error.what());
  return exit_code(error.code());
}
