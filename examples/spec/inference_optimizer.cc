// inference_optimizer MODEL FOLDER: the specification's "Inference Optimization".
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <future>
#include <vector>

#include <nest/core/error.h>
#include <nest/core/json.h>
#include <nest/optimize/inference_optimizer.h>
#include <nest/recognize/batch_processor.h>
#include <nest/recognize/bundle.h>
#include <nest/recognize/model_cache.h>
#include <nest/recognize/recognizer.h>

#include "promise.h"

using namespace nest;

namespace {

Tensor waves(std::int64_t channels, float frequency) {
  Tensor signal(DType::kF32, {channels, 500});
  std::ranges::generate(signal.mutable_data<float>(), [t = 0, frequency]() mutable {
    return std::sin(frequency * static_cast<float>(t++));
  });
  return signal;
}

void optimize_model(const graph::Model& model, const std::filesystem::path& folder) {
  // Optimize model
  optimize::InferenceOptimizer optimizer(
      model, {.fold = true, .executor = {.precision = graph::Precision::kInt8}});
  for (const optimize::OptimizeStep& step : optimizer.optimize())
    std::printf("%s: error %.2g, %lld bytes\n", step.what.c_str(), step.max_error,
                static_cast<long long>(step.weight_bytes));
  promise(optimizer.optimize().back().rms_error < 0.1, "every step says what it changed");
  std::printf("%s\n", optimizer.describe().c_str());
  promise(optimizer.describe().find("int8") != std::string::npos, "and what really runs");

  // Inference
  const Tensor eeg =
      waves(model.signal.num_channels, 0.05F).reshaped({1, model.signal.num_channels, 500});
  const optimize::Inference result = optimizer.infer({{"eeg_data", eeg}});
  std::printf("Inference time: %.2f ms\n", 1e3 * result.seconds);
  promise(!result.outputs.empty() && result.seconds > 0, "infer() gives outputs and time");

  // Benchmark
  const profile::BatchThroughput metrics = optimizer.benchmark(1, 30);
  std::printf("Throughput: %.1f samples/sec\n", metrics.items_per_s);
  promise(metrics.items_per_s > 0, "benchmark() gives throughput");

  // Export ONNX
  const auto files = optimizer.export_onnx(folder / "nest_optimized.onnx");
  promise(std::filesystem::file_size(files[0].path) > 1000, "ONNX of the optimized model");
}

void batches(const recognize::Bundle& bundle) {
  const auto recognizer = recognize::make_recognizer(bundle);
  recognize::BatchProcessor<Tensor, decode::Recognition> processor(
      {.max_batch = 4, .max_delay_ms = 5},
      {[&](std::span<const Tensor> signals) { return recognizer->recognize(signals); }});
  std::vector<Tensor> signals;
  for (const float frequency : {0.02F, 0.05F, 0.11F})
    signals.push_back(waves(bundle.model().signal.num_channels, frequency));
  std::vector<std::future<recognize::BatchAnswer<decode::Recognition>>> answers;
  for (const Tensor& signal : signals) answers.push_back(processor.submit(signal));
  const auto alone = recognize::make_recognizer(bundle);
  for (std::size_t i = 0; i < signals.size(); ++i)
    promise(answers[i].get().get().tokens == alone->recognize(std::vector{signals[i]})[0].tokens,
            "BatchProcessor gives every caller its own result");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: inference_optimizer MODEL FOLDER\n"), 2;
  std::filesystem::create_directories(argv[2]);
  optimize_model(recognize::load_weights(argv[1]), argv[2]);

  recognize::ModelCache cache;
  const auto first = cache.get(argv[1]), second = cache.get(argv[1]);
  promise(first == second && cache.figures().loads == 1, "ModelCache loads a model once");
  batches(*first);
} catch (const Error& error) {
  std::fprintf(stderr, "inference_optimizer: %s\n", error.what());
  return exit_code(error.code());
}
