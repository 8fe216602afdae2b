#include "nest/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"

namespace nest::train {

void register_flags(Flags& flags, ScheduleOptions& options) {
  flags.group("Learning rate schedule");
  flags.add("schedule", options.schedule, "constant, cosine, step or plateau")
      .choices({"constant", "cosine", "step", "plateau"});
  flags.add("warmup-steps", options.warmup_steps, "steps of linear rise");
  flags.add("floor-factor", options.floor_factor, "lowest part of the learning rate");
  flags.add("step-epochs", options.step_epochs, "step: epochs between two drops");
  flags.add("drop-factor", options.drop_factor, "step and plateau: factor of a drop");
  flags.add("plateau-patience", options.patience, "plateau: epochs without a better score");
}

void validate(const ScheduleOptions& options) {
  const bool is_known = options.schedule == "constant" || options.schedule == "cosine" ||
                        options.schedule == "step" || options.schedule == "plateau";
  require(is_known, ErrorCode::kInvalidArgument,
          "unknown schedule '{}'; known: constant, cosine, step, plateau", options.schedule);
  require(options.warmup_steps >= 0 && options.step_epochs >= 1 && options.patience >= 0,
          ErrorCode::kInvalidArgument,
          "warmup_steps and patience must not be negative, step_epochs must be at least 1");
  require(options.floor_factor >= 0 && options.floor_factor <= 1 && options.drop_factor > 0 &&
              options.drop_factor <= 1,
          ErrorCode::kInvalidArgument, "floor_factor and drop_factor must be in [0, 1]");
}

Json to_json(const ScheduleOptions& options) {
  return {{"schedule", options.schedule},         {"warmup_steps", options.warmup_steps},
          {"floor_factor", options.floor_factor}, {"step_epochs", options.step_epochs},
          {"drop_factor", options.drop_factor},   {"plateau_patience", options.patience}};
}

Schedule::Schedule(const ScheduleOptions& options, std::int64_t steps_per_epoch,
                   std::int64_t epochs)
    : options_(options),
      steps_per_epoch_(std::max<std::int64_t>(steps_per_epoch, 1)),
      total_steps_(steps_per_epoch_ * epochs),
      best_(std::numeric_limits<double>::max()) {
  validate(options);
}

double Schedule::factor(std::int64_t step) const {
  if (step < options_.warmup_steps) {
    return static_cast<double>(step + 1) / static_cast<double>(options_.warmup_steps);
  }
  if (options_.schedule == "cosine") {
    const std::int64_t span = std::max<std::int64_t>(total_steps_ - options_.warmup_steps, 1);
    const double done = std::min(
        1.0, static_cast<double>(step - options_.warmup_steps) / static_cast<double>(span));
    const double wave = 0.5 * (1 + std::cos(std::numbers::pi * done));
    return options_.floor_factor + (1 - options_.floor_factor) * wave;
  }
  if (options_.schedule == "step") {
    const auto drops = static_cast<double>(step / (steps_per_epoch_ * options_.step_epochs));
    return std::pow(options_.drop_factor, drops);
  }
  return options_.schedule == "plateau" ? plateau_factor_ : 1;
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
