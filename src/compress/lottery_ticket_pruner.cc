#include "nest/compress/lottery_ticket_pruner.h"

#include <cmath>

#include "nest/core/error.h"
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
  validate_steps(o.magnitude);
}

LotteryTicketPruner::LotteryTicketPruner(graph::Model model, const LotteryOptions& options,
                                         MeasureFn measure)
    : StepwisePruner(std::move(model), (validate(options), options.magnitude), std::move(measure)),
      options_(options) {}

void LotteryTicketPruner::prune() {
  require(done_ < options_.rounds, ErrorCode::kInvalidArgument, "all {} rounds of pruning are done",
          options_.rounds);
  const double part = static_cast<double>(done_ + 1) / static_cast<double>(options_.rounds);
  const auto after = [&](double target, double start) {
    return 1 - (1 - start) * std::pow((1 - target) / (1 - start), part);
  };
  MagnitudeOptions now = target_;
  now.amount = after(amount_of(target_), start_);
  for (auto& [layer, amount] : now.layers) amount = after(amount, 0);
  prune_to(now);
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
