#pragma once

#include <memory>
#include <optional>

#include "nest/compress/fine_tune_options.h"
#include "nest/nn/executor.h"
#include "nest/train/batch.h"
#include "nest/train/distillation.h"
#include "nest/train/fake_quantization.h"
#include "nest/train/optimizer.h"

namespace nest::train {

struct QATOptions {
  compress::ActivationScales scales = compress::ActivationScales::kLearned;
  OptimizerOptions optimizer = {};
  nn::TorchOptions torch = {};
};

/// Trains a model as its codes will compute: prepare(), train_step() for every batch, convert().
/// What trains on a dataset, with a schedule and validation, is FineTuner::train().
///
/// State: not thread-safe.
class QATTrainer {
 public:
  /// `model`: with a quantization (compress::PostTrainingQuantizer), whose scales are the first.
  explicit QATTrainer(graph::Model model, const QATOptions& options = {});

  /// Starts with the model as it was given; its batch norms go into their convolutions, as the
  /// runtime's do. Errors: InvalidArgument for a model without layers in fewer bits; those of
  /// TorchExecutor.
  void prepare();
  /// Returns the loss a token before the step. Errors: InvalidArgument without prepare(); those of
  /// compute_loss(); CheckFailed if the gradient is not finite.
  double train_step(const Batch& batch, Teacher* teacher = nullptr);
  /// The trained model: float weights, which are packed to the codes it was trained with, and a
  /// quantization with the scales as they are now. Errors: InvalidArgument without prepare().
  graph::Model convert() const;

  /// Errors: InvalidArgument without prepare().
  nn::TorchExecutor& executor();

 private:
  graph::Model model_;
  QATOptions options_;
  std::shared_ptr<FakeQuantization> quantization_;
  std::optional<nn::TorchExecutor> executor_;
  std::optional<Optimizer> optimizer_;
};

}  // namespace nest::train
