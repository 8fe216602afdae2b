#include "nest/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"

namespace nest::train {

EnumTable enum_table(ScheduleKind /*of*/) {
  static constexpr EnumName kNames[] = {{ScheduleKind::kConstant, "constant"},
                                        {ScheduleKind::kCosine, "cosine"},
                                        {ScheduleKind::kStep, "step"},
                                        {ScheduleKind::kPlateau, "plateau"}};
  return {"schedule", kNames};
}

void visit_fields(FieldVisitor& visitor, ScheduleOptions& o) {
  visitor.group("Learning rate schedule");
  visitor.field("schedule", o.schedule, "how the learning rate falls", {}, {.also = "scheduler"});
  visitor.field("warmup_steps", o.warmup_steps, "steps of linear rise", at_least(0));
  visitor.field("floor_factor", o.floor_factor, "lowest part of the learning rate", between(0, 1));
  visitor.field("step_epochs", o.step_epochs, "step: epochs between two drops", at_least(1),
                {.also = "scheduler_params.step_size"});
  visitor.field("drop_factor", o.drop_factor, "step and plateau: factor of a drop", above(0).to(1),
                {.also = "scheduler_params.gamma,scheduler_params.factor"});
  visitor.field("plateau_patience", o.patience, "plateau: epochs without a better score",
                at_least(0), {.also = "scheduler_params.patience"});
}

Schedule::Schedule(const ScheduleOptions& options, std::int64_t steps_per_epoch,
                   std::int64_t epochs)
    : options_(options),
      steps_per_epoch_(std::max<std::int64_t>(steps_per_epoch, 1)),
      total_steps_(steps_per_epoch_ * epochs),
      best_(std::numeric_limits<double>::max()) {
  nest::validate(options);
}

double Schedule::factor(std::int64_t step) const {
  if (step < options_.warmup_steps) {
    return static_cast<double>(step + 1) / static_cast<double>(options_.warmup_steps);
  }
  if (options_.schedule == ScheduleKind::kCosine) {
    const std::int64_t span = std::max<std::int64_t>(total_steps_ - options_.warmup_steps, 1);
    const double done = std::min(
        1.0, static_cast<double>(step - options_.warmup_steps) / static_cast<double>(span));
    const double wave = 0.5 * (1 + std::cos(std::numbers::pi * done));
    return options_.floor_factor + (1 - options_.floor_factor) * wave;
  }
  if (options_.schedule == ScheduleKind::kStep) {
    const auto drops = static_cast<double>(step / (steps_per_epoch_ * options_.step_epochs));
    return std::pow(options_.drop_factor, drops);
  }
  return options_.schedule == ScheduleKind::kPlateau ? plateau_factor_ : 1;
}

void Schedule::observe(double score) {
  if (score < best_) {
    best_ = score;
    waited_ = 0;
  } else if (++waited_ > options_.patience) {
    plateau_factor_ = std::max(options_.floor_factor, plateau_factor_ * options_.drop_factor);
    waited_ = 0;
  }
}

Json Schedule::state() const {
  return {{"plateau_factor", plateau_factor_}, {"best", best_}, {"waited", waited_}};
}

void Schedule::restore(const Json& state) {
  plateau_factor_ = state.at("plateau_factor").get<double>();
  best_ = state.at("best").get<double>();
  waited_ = state.at("waited").get<int>();
}

}  // namespace nest::train
