#include "nest/compress/stepwise_pruner.h"

#include "nest/compress/pattern.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"

namespace nest::compress {

void validate_steps(const MagnitudeOptions& target) {
  validate(target);
  require_field(pattern_from_text(target.pattern).kind != PrunePattern::Kind::kNOfM, "pattern",
                "is {}, which has one amount and no steps towards it; prune once", target.pattern);
}

StepwisePruner::StepwisePruner(graph::Model model, const MagnitudeOptions& target,
                               MeasureFn measure)
    : Pruner(std::move(model)), target_(target), measure_(std::move(measure)) {
  require(measure_ || target_.criterion == PruneCriterion::kMagnitude, ErrorCode::kInvalidArgument,
          "the criterion {} needs something that measures it", name_of(target_.criterion));
  (void)MagnitudePruner(model_, target_);  // whatever it refuses is refused before any training
  start_ = compute_sparsity().overall;
  require_field(amount_of(target_) > start_, "amount",
                "is {}, but {:.4g} % of the model's weights are zero already; nothing is left to "
                "take away",
                amount_of(target_), 100 * start_);
}

void StepwisePruner::prune_to(const MagnitudeOptions& now) {
  ++done_;
  MagnitudePruner pruner(model_, now, measure_ ? measure_(model_) : PruneStatistics{});
  pruner.prune();
  model_ = pruner.model();
  masks_ = pruner.masks();
}

}  // namespace nest::compress
