#include "nest/compress/lottery_ticket_pruner.h"

#include <cmath>

#include "nest/compress/pattern.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/options.h"

namespace nest::compress {

void visit_fields(FieldVisitor& visitor, LotteryOptions& o) {
  visitor.part("", o.magnitude);
  visitor.field("rounds", o.rounds, "times that it trains, prunes and rewinds", between(1, 1000));
  visitor.field("rewind_step", o.rewind_step, "training step whose weights survivors go back to",
                at_least(0));
}

void validate(const LotteryOptions& o) {
  check_fields(o);
  validate(o.magnitude);
  require_field(pattern_from_text(o.magnitude.pattern).kind != PrunePattern::Kind::kNOfM, "pattern",
                "is {}, which has one amount and no rounds towards it; prune once",
                o.magnitude.pattern);
}

LotteryTicketPruner::LotteryTicketPruner(graph::Model model, const LotteryOptions& options,
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

void LotteryTicketPruner::prune() {
  require(done_ < options_.rounds, ErrorCode::kInvalidArgument, "all {} rounds of pruning are done",
          options_.rounds);
  ++done_;
  const double part = static_cast<double>(done_) / static_cast<double>(options_.rounds);
  const auto after = [&](double target, double start) {
    return 1 - (1 - start) * std::pow((1 - target) / (1 - start), part);
  };
  MagnitudeOptions now = options_.magnitude;
  now.amount = after(amount_of(options_.magnitude), start_);
  for (auto& [layer, amount] : now.layers) amount = after(amount, 0);
  MagnitudePruner pruner(model_, now, measure_ ? measure_(model_) : PruneStatistics{});
  pruner.prune();
  model_ = pruner.model();
  masks_ = pruner.masks();
}

void LotteryTicketPruner::rewind() {
  require(!rewound_.empty(), ErrorCode::kInvalidArgument,
          "the weights of step {} are not known; prune_and_finetune() trains as far",
          options_.rewind_step);
  set_weights(rewound_);
}

std::vector<PruneIteration> LotteryTicketPruner::prune_and_finetune(const TrainFn& train,
                                                                    const ValidateFn& validate) {
  rewound_ = options_.rewind_step == 0 ? model_.weights
                                       : train(model_, masks_, options_.rewind_step).weights;
  rewind();
  std::vector<PruneIteration> rounds;
  while (done_ < options_.rounds) {
    set_weights(train(model_, masks_, 0).weights);
    const double error = validate(model_);
    prune();
    rewind();
    rounds.push_back({done_, compute_sparsity().overall, error});
  }
  return rounds;
}

}  // namespace nest::compress
