#pragma once

#include <string>
#include <vector>

#include <torch/types.h>

#include "nest/core/options_fwd.h"
#include "nest/core/tensor.h"
#include "nest/nn/parameters.h"

namespace nest::train {

enum class OptimizerKind { kAdamW, kAdam, kSgd };
EnumTable enum_table(OptimizerKind of);  ///< "adamw", "adam", "sgd"

struct OptimizerOptions {
  OptimizerKind optimizer = OptimizerKind::kAdamW;
  double learning_rate = 1e-3;
  double weight_decay = 1e-2;  ///< decoupled for adamw, added to the gradient for adam and sgd
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double momentum = 0.9;   ///< sgd
  double clip_norm = 1.0;  ///< global norm of the gradient; 0: no clipping
  double ema_decay = 0;    ///< of the averaged weights; 0: none
};
void visit_fields(FieldVisitor& visitor, OptimizerOptions& options);

/// Adam, AdamW and SGD whose whole state is named tensors, so that a resumed run is exact and the
/// state file does not depend on the LibTorch version (its own keys are addresses).
///
/// Step rules are those of torch.optim (tests/train/optimizer_test.cc compares them with LibTorch).
/// One-dimensional weights (biases, norms) are not decayed.
class Optimizer {
 public:
  Optimizer(nn::ParameterStore& parameters, const OptimizerOptions& options);

  /// Clips, then updates every trainable weight. Returns the norm before clipping.
  /// If it is not finite, nothing is changed.
  double step(double learning_rate);
  void zero_grad();
  std::int64_t num_steps() const { return steps_; }

  /// Averaged weights by name; empty without ema_decay.
  TensorMap averaged() const;

  /// Moments, step counter, averages. Errors of restore: DataCorrupt naming the tensor.
  TensorMap state() const;
  void restore(const TensorMap& state);

 private:
  struct Slot {
    std::string name;
    torch::Tensor weight;
    torch::Tensor first;   ///< momentum
    torch::Tensor second;  ///< Adam's second moment
    torch::Tensor average;
  };
  void update(Slot& slot, double learning_rate) const;

  OptimizerOptions options_;
  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
};

}  // namespace nest::train
