#pragma once

#include <memory>
#include <string>

#include "nest/core/options_fwd.h"
#include "nest/graph/quantization.h"

namespace nest::graph {
class Executor;
struct Model;
}  // namespace nest::graph

// Free of LibTorch, so that the command line can offer the executor without its headers.
namespace nest::nn {

struct TorchOptions {
  std::string device = "cpu";  ///< "cpu", "cuda", "cuda:1", or "auto": CUDA if there is one
  /// Arithmetic of convolutions, linear and recurrent layers and attention products: fp32, fp16,
  /// bf16 or fp64. Norms, softmax and losses always run in float32 (float64 for fp64). A model's
  /// own quantization is not applied here; describe() says so.
  ///
  /// On CUDA the half types use the device's own kernels. The CPU has none that are exact and the
  /// same on every machine, so there inputs, weights and results of those layers are rounded to the
  /// half type and the sums run in float32: same bounds, no gain in speed.
  graph::Precision precision = graph::Precision::kFp32;
  int threads = 0;  ///< of LibTorch's pool, process-wide; 0 leaves it alone
  /// Batch norms go into the convolutions before them (graph/rewrite.h): for evaluation alone.
  bool fold = false;
  /// On CUDA, records passes of stepwise graphs (decoder_step, predictor, joiner, lm) once for each
  /// shape of their inputs and replays them with one launch: for evaluation alone, of batches
  /// without lengths. 32 shapes are kept, at some MiB of the device's memory each.
  bool cuda_graphs = false;
};
void visit_fields(FieldVisitor& visitor, TorchOptions& options);
/// Errors: FieldError, for int8 and int4 too.
void validate(const TorchOptions& options);

/// A TorchExecutor behind the interface. Errors: those of its constructor.
std::unique_ptr<graph::Executor> make_torch_executor(graph::Model model,
                                                     const TorchOptions& options = {});

}  // namespace nest::nn
