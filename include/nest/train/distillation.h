#pragma once

#include "nest/compress/distillation_options.h"
#include "nest/nn/executor.h"
#include "nest/train/objective.h"

namespace nest::train {

/// A trained model from whose outputs another one learns; without gradients, in evaluation mode.
///
/// State: as TorchExecutor.
class Teacher {
 public:
  /// Errors: InvalidArgument if the two cannot be compared: another family, vocabulary, tokenizer
  /// or number of channels; those of TorchExecutor.
  Teacher(graph::Model model, const graph::Model& student, const nn::TorchOptions& torch,
          const compress::DistillationOptions& options);

  /// compute_loss() of the student with the part of the teacher; see DistillationOptions.
  ///
  /// The divergence of an item is the sum over its frames (CTC), over its frames of the mean over
  /// label positions (transducer) or over its steps (attention, language): as many terms as its own
  /// loss has, padding left out. Items that the loss skips are skipped. The teacher's decoder is
  /// given the tokens that the student's was.
  /// Errors: those of compute_loss(); InvalidArgument if the two make other numbers of frames of
  /// the same signal.
  Loss compute_loss(nn::TorchExecutor& student, const Batch& batch,
                    const ObjectiveOptions& options);

 private:
  nn::TorchExecutor executor_;
  double weight_;
  double temperature_;
};

}  // namespace nest::train
