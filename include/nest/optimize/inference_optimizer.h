#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/json_fwd.h"
#include "nest/core/options_fwd.h"
#include "nest/export/model_exporter.h"
#include "nest/profile/throughput.h"
#include "nest/recognize/executors.h"

namespace nest::optimize {

struct OptimizeOptions {
  bool fold = true;  ///< batch norms into the convolutions before them
  /// What runs the model and in which precision: "native" with fp32, bf16, int8 or int4, or "torch"
  /// with fp16 or bf16 on a device. None: the model's own.
  recognize::ExecutorOptions executor = {};
};
void visit_fields(FieldVisitor& visitor, OptimizeOptions& options);

/// One step, with what it changed in the outputs of a pass over random input.
struct OptimizeStep {
  std::string what;               ///< "fold 4 batch norms", "int8"
  double max_error = 0;           ///< largest distance over 1 + |expected|
  double rms_error = 0;           ///< root mean square of the distance over that of the outputs
  std::int64_t weight_bytes = 0;  ///< afterwards, as they are kept for running
};
Json to_json(const OptimizeStep& step);

struct Inference {
  TensorMap outputs;
  double seconds = 0;
};

/// Makes a model fast to run, and says what that cost and what really runs.
///
///   InferenceOptimizer optimizer(model, {.executor = {.precision = graph::Precision::kInt8}});
///   optimizer.optimize();
///   const Inference result = optimizer.infer({{"eeg_data", signals}});
///
/// State: one call at a time.
class InferenceOptimizer {
 public:
  /// Errors: FieldError; InvalidArgument if no executor has that name.
  explicit InferenceOptimizer(graph::Model model, const OptimizeOptions& options = {});
  ~InferenceOptimizer();

  /// Folds, takes the precision, packs for the executor; each step is compared with the model as it
  /// was given, in float32. A second call does nothing more. Errors: those of the executor.
  const std::vector<OptimizeStep>& optimize();

  /// One pass through all graphs (graph::run_forward) of what optimize() made, which is called if
  /// it was not. Errors: those of graph::run_forward().
  Inference infer(const TensorMap& inputs);
  /// Times of the encoder, or the only graph, after a warm-up. Errors: as
  /// profile::ThroughputBenchmark.
  profile::BatchThroughput benchmark(std::int64_t batch_size = 1, int num_iterations = 100,
                                     std::int64_t length = 500, const Job& job = {});

  /// The model with its batch norms folded and in its precision as ONNX; graph "": what runs alone.
  std::vector<exports::ExportedGraph> export_onnx(const std::filesystem::path& path,
                                                  const std::string& graph = "");
  /// Frozen TorchScript in float32. Errors: as exports::ModelExporter::export_torchscript().
  std::vector<exports::ExportedGraph> export_torchscript(const std::filesystem::path& path,
                                                         const std::string& graph = "");
  /// What really runs: "native avx512_vnni int8 1 thread; 4 batch norms folded".
  std::string describe();
  const graph::Model& model() const { return model_; }

 private:
  graph::Model model_;
  OptimizeOptions options_;
  std::vector<OptimizeStep> steps_;
  std::optional<recognize::RunnableModel> runnable_;
  std::unique_ptr<graph::Executor> executor_;
  int folded_ = 0;
};

}  // namespace nest::optimize
