#pragma once

#include <cstdint>
#include <vector>

#include "nest/compress/callbacks.h"
#include "nest/compress/stepwise_pruner.h"

namespace nest::compress {

/// How the amount grows from what is zero already, s0, to the target s over n iterations.
enum class PruneSchedule : std::uint8_t {
  kCubic,     ///< s + (s0 - s) (1 - i / n)^3: much at first (Zhu and Gupta 2017)
  kConstant,  ///< s0 + (s - s0) i / n: as many each time
};
EnumTable enum_table(PruneSchedule of);  ///< "cubic", "constant"

struct IterativeOptions {
  MagnitudeOptions magnitude = {};  ///< what is reached in the end
  std::int64_t iterations = 5;
  PruneSchedule schedule = PruneSchedule::kCubic;
};
void visit_fields(FieldVisitor& visitor, IterativeOptions& options);
/// Errors: FieldError; also for the pattern N:M, which has no amounts between.
void validate(const IterativeOptions& options);

/// Prunes by magnitude in steps, with training between them.
class IterativePruner : public StepwisePruner {
 public:
  /// Errors: those of StepwisePruner and validate().
  IterativePruner(graph::Model model, const IterativeOptions& options, MeasureFn measure = {});

  /// One iteration. Errors: InvalidArgument after the last.
  void prune() override;
  /// All that are left, each followed by `train` (with the masks) and `validate`.
  std::vector<PruneIteration> prune_and_finetune(const TrainFn& train, const ValidateFn& validate);

  std::int64_t iterations_left() const { return options_.iterations - done_; }

 private:
  IterativeOptions options_;
};

}  // namespace nest::compress
