#include "nest/compress/iterative_pruner.h"

#include <cmath>

#include "nest/compress/pattern.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
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
  validate(o.magnitude);
  require_field(pattern_from_text(o.magnitude.pattern).kind != PrunePattern::Kind::kNOfM, "pattern",
                "is {}, which has one amount and no steps towards it; prune once",
                o.magnitude.pattern);
}

IterativePruner::IterativePruner(graph::Model model, const IterativeOptions& options,
                                 MeasureFn measure)
    : Pruner(std::move(model)), options_(options), measure_(std::move(measure)) {
  validate(options_);
  require(measure_ || options_.magnitude.criterion == PruneCriterion::kMagnitude,
          ErrorCode::kInvalidArgument, "the criterion {} needs something that measures it",
          name_of(options_.magnitude.criterion));
  (void)MagnitudePruner(model_, options_.magnitude);
  start_ = compute_sparsity().overall;
  require_field(amount_of(options_.magnitude) > start_, "amount",
                "is {}, but {:.4g} % of the model's weights are zero already; nothing is left to "
                "take away",
                amount_of(options_.magnitude), 100 * start_);
}

void IterativePruner::prune() {
  require(iterations_left() > 0, ErrorCode::kInvalidArgument,
          "all {} iterations of pruning are done", options_.iterations);
  ++done_;
  const double part = static_cast<double>(done_) / static_cast<double>(options_.iterations);
  const double reached =
      options_.schedule == PruneSchedule::kConstant ? part : 1 - std::pow(1 - part, 3);
  MagnitudeOptions now = options_.magnitude;
  now.amount = start_ + (amount_of(options_.magnitude) - start_) * reached;
  for (auto& [layer, amount] : now.layers) amount *= reached;
  MagnitudePruner pruner(model_, now, measure_ ? measure_(model_) : PruneStatistics{});
  pruner.prune();
  model_ = pruner.model();
  masks_ = pruner.masks();
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
