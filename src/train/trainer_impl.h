#pragma once

#include <optional>
#include <vector>

#include "nest/core/job.h"
#include "nest/train/batch.h"
#include "nest/train/distillation.h"
#include "nest/train/objective.h"
#include "nest/train/trainer.h"
#include "run_state.h"

namespace nest::train {

/// Why the loop over batches ended.
enum class Stop { kNo, kUser, kMaxSteps };

class Trainer::Impl {
 public:
  Impl(graph::Model model, TrainData data, const TrainOptions& options, std::filesystem::path out,
       Communicator* communicator);

  void resume();
  TrainResult run(const Job& job);
  nn::TorchExecutor& executor() { return executor_; }

 private:
  // One step (trainer_step.cc).
  void train_step(const std::vector<PlanItem>& items, const std::stop_token& stop);
  Loss training_loss(const Batch& batch, const ObjectiveOptions& objective);
  Batch load_share(const std::vector<PlanItem>& items) const;
  void backward(const Loss& loss, double total_tokens);
  void reduce_gradients();
  void adapt_loss_scale(bool was_finite);
  bool uses_loss_scale() const;

  // One epoch and its end (trainer.cc).
  Stop run_epoch(const Job& job);
  std::vector<std::vector<PlanItem>> plan(std::int64_t epoch) const;
  void finish_epoch();
  Scores validate_now();
  bool keep_if_best(double score);
  void save_last();
  graph::Model snapshot() const;
  void write_reports() const;
  bool stops_early() const;
  bool is_main() const { return communicator_ == nullptr || communicator_->rank() == 0; }
  std::int64_t world() const { return communicator_ == nullptr ? 1 : communicator_->size(); }
  std::int64_t steps_per_epoch() const;
  Json comparable_options() const;
  void require_same_run(const Json& theirs) const;

  TrainOptions options_;
  TrainData data_;
  std::filesystem::path out_;
  Communicator* communicator_;
  nn::TorchExecutor executor_;
  std::optional<Teacher> teacher_;
  Optimizer optimizer_;
  Schedule schedule_;
  RunState state_;
  bool stop_requested_ = false;
  double seconds_ = 0;  ///< of the running epoch, in this process
};

}  // namespace nest::train
