#include "nest/optimize/inference_optimizer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/export/export_files.h"
#include "nest/graph/factory.h"
#include "nest/graph/frames.h"
#include "nest/graph/rewrite.h"
#include "nest/profile/work.h"

namespace nest::optimize {
namespace {

/// The graph that a benchmark times.
std::string main_graph(const graph::Model& model) {
  return model.graphs.contains("encoder") ? "encoder" : model.graphs.begin()->first;
}

/// Random inputs of a pass, so long that every node has something to do.
TensorMap sample_inputs(const graph::Model& model) {
  constexpr std::int64_t kLength = 500;
  const std::string graph = main_graph(model);
  const bool has_signal = graph == "encoder";
  const std::int64_t length =
      has_signal ? std::max(kLength, graph::min_samples(model, 4)) : kLength;
  return profile::make_work(model, {.graph = graph, .batch = 1, .length = length}).inputs;
}

struct Distance {
  double max = 0, rms = 0;
};

Distance distance_of(const TensorMap& got, const TensorMap& want) {
  Distance distance;
  double error = 0, power = 1e-30;
  for (const auto& [name, expected] : want) {
    if (expected.dtype() != DType::kF32) continue;
    const auto a = got.at(name).data<float>(), b = expected.data<float>();
    for (std::size_t i = 0; i < b.size(); ++i) {
      const double x = static_cast<double>(b[i]), d = std::fabs(static_cast<double>(a[i]) - x);
      distance.max = std::max(distance.max, d / (1 + std::fabs(x)));
      error += d * d;
      power += x * x;
    }
  }
  distance.rms = std::sqrt(error / power);
  return distance;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, OptimizeOptions& o) {
  visitor.field("fold", o.fold, "batch norms into the convolutions before them");
  visitor.part("executor", o.executor);
}

Json to_json(const OptimizeStep& step) {
  return {{"what", step.what},
          {"max_error", step.max_error},
          {"rms_error", step.rms_error},
          {"weight_bytes", step.weight_bytes}};
}

InferenceOptimizer::InferenceOptimizer(graph::Model model, const OptimizeOptions& options)
    : model_(std::move(model)), options_(options) {
  nest::validate(options_);
}

InferenceOptimizer::~InferenceOptimizer() = default;

const std::vector<OptimizeStep>& InferenceOptimizer::optimize() {
  if (runnable_) return steps_;
  const TensorMap inputs = sample_inputs(model_);
  graph::Model plain = model_;
  plain.quantization = {};
  const auto reference = recognize::make_runnable(std::move(plain)).make_executor();
  const TensorMap want = graph::run_forward(*reference, inputs);
  const auto add = [&](const std::string& what, graph::Executor& executor) {
    const Distance distance = distance_of(graph::run_forward(executor, inputs), want);
    steps_.push_back({what, distance.max, distance.rms, executor.weight_bytes()});
  };
  if (options_.fold) folded_ = graph::fold_batch_norm(model_);
  if (folded_ > 0) {
    graph::Model floats = model_;
    floats.quantization = {};
    const auto executor = recognize::make_runnable(std::move(floats)).make_executor();
    add(fmt::format("fold {} batch norms", folded_), *executor);
  }
  if (options_.executor.precision && options_.executor.executor == "native")
    graph::set_precision(model_.quantization, *options_.executor.precision);
  runnable_ = recognize::make_runnable(model_, options_.executor);
  executor_ = runnable_->make_executor();
  add(executor_->describe(), *executor_);
  return steps_;
}

Inference InferenceOptimizer::infer(const TensorMap& inputs) {
  optimize();
  const auto begin = std::chrono::steady_clock::now();
  Inference result{graph::run_forward(*executor_, inputs), 0};
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

profile::BatchThroughput InferenceOptimizer::benchmark(std::int64_t batch_size, int num_iterations,
                                                       std::int64_t length, const Job& job) {
  optimize();
  const profile::ThroughputBenchmark benchmark(*runnable_,
                                               {.graph = main_graph(model_), .length = length});
  return benchmark.measure_throughput({.batch_sizes = {batch_size}, .runs = num_iterations}, job)
      .front();
}

std::vector<exports::ExportedGraph> InferenceOptimizer::export_onnx(
    const std::filesystem::path& path, const std::string& graph) {
  optimize();
  exports::OnnxOptions options;
  const graph::Precision precision = model_.quantization.precision;
  if (graph::is_integer(precision)) options.precision = graph::Precision::kInt8;
  if (precision == graph::Precision::kFp16) options.precision = graph::Precision::kFp16;
  return exports::export_model(exports::ModelExporter(model_), path,
                               {.graph = graph, .onnx = options})
      .graphs;
}

std::vector<exports::ExportedGraph> InferenceOptimizer::export_torchscript(
    const std::filesystem::path& path, const std::string& graph) {
  optimize();
  return exports::export_model(exports::ModelExporter(model_), path,
                               {.format = exports::ExportFormat::kTorchScript, .graph = graph})
      .graphs;
}

std::string InferenceOptimizer::describe() {
  optimize();
  std::string text = executor_->describe();
  if (folded_ > 0) text += fmt::format("; {} batch norms folded", folded_);
  return text;
}

}  // namespace nest::optimize
