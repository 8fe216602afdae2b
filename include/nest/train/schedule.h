#pragma once

#include <cstdint>
#include <string>

#include "nest/core/options_fwd.h"

namespace nest::train {

enum class ScheduleKind { kConstant, kCosine, kStep, kPlateau };
EnumTable enum_table(ScheduleKind of);  ///< "constant", "cosine", "step", "plateau"

struct ScheduleOptions {
  ScheduleKind schedule = ScheduleKind::kCosine;
  std::int64_t warmup_steps = 0;  ///< linear rise from 0
  double floor_factor = 0.01;     ///< cosine and plateau: lowest part of the learning rate
  std::int64_t step_epochs = 20;  ///< step: epochs between two drops
  double drop_factor = 0.5;       ///< step and plateau: factor of a drop
  int patience = 5;               ///< plateau: epochs without a better validation score
};
void visit_fields(FieldVisitor& visitor, ScheduleOptions& options);

/// The factor on the highest learning rate at every step; its state is four numbers.
class Schedule {
 public:
  Schedule(const ScheduleOptions& options, std::int64_t steps_per_epoch, std::int64_t epochs);

  /// Factor for step `step` (from 0).
  double factor(std::int64_t step) const;
  /// Plateau: tells the validation score of an epoch (lower is better).
  void observe(double score);

  Json state() const;
  void restore(const Json& state);

 private:
  ScheduleOptions options_;
  std::int64_t steps_per_epoch_;
  std::int64_t total_steps_;
  double plateau_factor_ = 1;
  double best_;
  int waited_ = 0;
};

}  // namespace nest::train
