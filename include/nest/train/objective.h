#pragma once

#include <torch/types.h>

#include "nest/core/options_fwd.h"
#include "nest/nn/executor.h"
#include "nest/train/batch.h"

namespace nest::train {

struct ObjectiveOptions {
  double label_smoothing = 0;  ///< attention
  double sampling = 0;         ///< attention: probability that a step sees the model's own token
  std::uint64_t seed = 0;      ///< of the sampling
  double text_within_s = 0;    ///< CTC: see TrainOptions
};
void visit_fields(FieldVisitor& visitor, ObjectiveOptions& options);

/// The loss of a batch: a sum over items that can be differentiated, and what it is a sum of.
struct Loss {
  torch::Tensor sum;
  std::int64_t tokens = 0;  ///< target tokens (attention: with the end token)
  std::int64_t items = 0;
  std::int64_t skipped = 0;  ///< CTC: targets longer than their frames can hold
};

/// Frames the encoder makes of each item's samples, int64 [B] on the CPU.
torch::Tensor encoder_frames(const graph::Model& model, const torch::Tensor& lengths);

/// CTC, transducer or attention cross-entropy loss of any model, by its family.
///
/// Attention: the decoder is unrolled; with probability `sampling` a step's input is the model's
/// most likely token of the step before (scheduled sampling, Bengio et al. 2015).
/// Errors: InvalidArgument for a model that is only a block or tokens outside the vocabulary.
Loss compute_loss(nn::TorchExecutor& executor, const Batch& batch,
                  const ObjectiveOptions& options = {});

/// Log-probabilities [B, T, V] of a CTC model, with the frames of each item.
struct CtcOutput {
  torch::Tensor log_probs;
  torch::Tensor frames;
};
CtcOutput run_ctc(nn::TorchExecutor& executor, const Batch& batch);

}  // namespace nest::train
