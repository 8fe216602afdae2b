#include "nest/compress/iterative_pruner.h"

#include <cmath>

#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest::compress {

EnumTable enum_table(PruneSchedule /*of*/) {
  static constexpr EnumName kNames[] = {{PruneSchedule::kCubic, "cubic"},
                                        {PruneSchedule::kConstant, "constant"}};
  return {"pruning schedule", kNames};
}

void visit_fields(FieldVisitor& visitor, IterativeOptions& o) {
  visitor.part("", o.magnitude);
  visitor.field("iterations", o.iterations, "times that it prunes and trains", between(1, 1000));
  visitor.field("schedule", o.schedule, "how much of the amount each iteration takes");
}

void validate(const IterativeOptions& o) {
  check_fields(o);
  validate_steps(o.magnitude);
}

IterativePruner::IterativePruner(graph::Model model, const IterativeOptions& options,
                                 MeasureFn measure)
    : StepwisePruner(std::move(model), (validate(options), options.magnitude), std::move(measure)),
      options_(options) {}

void IterativePruner::prune() {
  require(iterations_left() > 0, ErrorCode::kInvalidArgument,
          "all {} iterations of pruning are done", options_.iterations);
  const double part = static_cast<double>(done_ + 1) / static_cast<double>(options_.iterations);
  const double reached =
      options_.schedule == PruneSchedule::kConstant ? part : 1 - std::pow(1 - part, 3);
  MagnitudeOptions now = target_;
  now.amount = start_ + (amount_of(target_) - start_) * reached;
  for (auto& [layer, amount] : now.layers) amount *= reached;
  prune_to(now);
}

std::vector<PruneIteration> IterativePruner::prune_and_finetune(const TrainFn& train,
                                                                const ValidateFn& validate) {
  std::vector<PruneIteration> iterations;
  while (iterations_left() > 0) {
    prune();
    set_weights(train(model_, masks_, 0).weights);
    iterations.push_back({done_, compute_sparsity().overall, validate(model_)});
  }
  return iterations;
}

}  // namespace nest::compress
