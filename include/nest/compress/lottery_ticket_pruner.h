#pragma once

#include <cstdint>
#include <vector>

#include "nest/compress/callbacks.h"
#include "nest/compress/stepwise_pruner.h"

namespace nest::compress {

struct LotteryOptions {
  MagnitudeOptions magnitude = {};  ///< what is reached in the end
  std::int64_t rounds = 5;
  std::int64_t rewind_step = 0;  ///< k; 0: the weights at the start
};
void visit_fields(FieldVisitor& visitor, LotteryOptions& options);
/// Errors: FieldError; also for the pattern N:M.
void validate(const LotteryOptions& options);

/// Finds the weights that would have sufficed from early on (Frankle et al. 2020): trains for k
/// steps, keeps the model; then in each round trains to the end, prunes by the trained weights, and
/// sets what survives back to its value at step k.
///
/// Each round takes the same part of what is left: after r of n rounds s_r = 1 - (1 - s)^(r / n).
class LotteryTicketPruner : public StepwisePruner {
 public:
  /// `model` untrained, or where training on begins. Errors: those of
  /// StepwisePruner and validate().
  LotteryTicketPruner(graph::Model model, const LotteryOptions& options, MeasureFn measure = {});

  /// Every round, each with the error of the trained model that it pruned by. model() is then the
  /// ticket: every weight has the bits it had at step k or is zero, statistics are those of step k.
  std::vector<PruneIteration> prune_and_finetune(const TrainFn& train, const ValidateFn& validate);
  /// The model at step k, before any round; its weights are empty until then.
  const TensorMap& rewound() const { return rewound_; }

  /// Prunes by the weights as they are, the next round's amount. Errors: InvalidArgument after the
  /// last.
  void prune() override;
  /// Puts back the weights of step k, with zeros where the masks are. Errors: InvalidArgument if
  /// prune_and_finetune() never reached it.
  void rewind();

 private:
  LotteryOptions options_;
  TensorMap rewound_;
};

}  // namespace nest::compress
