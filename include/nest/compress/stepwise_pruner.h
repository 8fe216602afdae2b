#pragma once

#include <cstdint>
#include <functional>

#include "nest/compress/magnitude_pruner.h"

namespace nest::compress {

/// Measures what a criterion needs, on the model as it is now.
using MeasureFn = std::function<PruneStatistics(const graph::Model& model)>;

/// What one step came to.
struct PruneIteration {
  std::int64_t iteration = 0;  ///< from 1
  double sparsity = 0;
  double error = 0;  ///< as the ValidateFn says, of the trained model
};

/// Errors: FieldError; also for the pattern N:M, which has no amounts between.
void validate_steps(const MagnitudeOptions& target);

/// Prunes by magnitude in steps towards a target; how much each step takes is the subclass's
/// choice.
class StepwisePruner : public Pruner {
 protected:
  /// `measure` may be null for the criterion magnitude. Errors: those of MagnitudePruner;
  /// FieldError if the model has as many zeros already.
  StepwisePruner(graph::Model model, const MagnitudeOptions& target, MeasureFn measure);

  /// The next step: prunes to these amounts, in total. `layers` of the target are all there.
  void prune_to(const MagnitudeOptions& now);

  const MagnitudeOptions target_;
  double start_ = 0;       ///< sparsity of the model that was given
  std::int64_t done_ = 0;  ///< steps

 private:
  MeasureFn measure_;
};

}  // namespace nest::compress
