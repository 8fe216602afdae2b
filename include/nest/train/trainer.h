#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/nn/executor.h"
#include "nest/train/distributed.h"
#include "nest/train/fake_quantization.h"
#include "nest/train/options.h"
#include "nest/train/source.h"

namespace nest::train {

/// Scores of the model as it is now; lower is better ("wer", "cer" in parts, not percent).
using Scores = std::map<std::string, double>;
using Validator = std::function<Scores(nn::TorchExecutor& executor)>;

/// What a run needs besides its options. Sources must outlive the trainer.
struct TrainData {
  const Source* training = nullptr;
  const Source* validation = nullptr;  ///< null: the training loss decides
  Validator validator;                 ///< adds wer and cer to the validation loss; may be null
  nn::WeightHook weight_hook = {};     ///< of every pass; may be null
  std::function<void(nn::ParameterStore& parameters)> after_step = {};  ///< of the optimizer
  const graph::Model* teacher = nullptr;  ///< TrainOptions::distillation; read when training starts
  /// Products of every pass, and the quantization of what is kept; null: floats. One process, never
  /// resumed.
  std::shared_ptr<FakeQuantization> quantization = {};
};

struct TrainResult {
  std::int64_t steps = 0;
  std::int64_t epochs = 0;
  double best_score = 0;
  std::int64_t best_epoch = 0;
  bool is_finished = false;     ///< false: stopped by the user or by max_steps; can be resumed
  bool is_interrupted = false;  ///< stopped by the user
  Json history;                 ///< one object an epoch
};

/// Trains a model and keeps its run folder.
///
///   OUT/best.pt    weights with the best validation score (averaged ones with ema_decay)
///   OUT/last.pt    weights, optimizer and position: what resume() continues, bit for bit
///   OUT/log.jsonl  one line an epoch;  OUT/curve.svg  the same as a picture
///
/// Everything random is a function of (seed, epoch or step), so a run that was stopped anywhere
/// and resumed gives the same weights as one that was not. Both .pt files load in Python.
class Trainer {
 public:
  /// The model's weights are the start (see graph::initialize_weights). `communicator` null: one
  /// process; else it must outlive the trainer and every process calls the same methods.
  Trainer(graph::Model model, TrainData data, const TrainOptions& options,
          std::filesystem::path out, Communicator* communicator = nullptr);
  ~Trainer();

  /// Continues OUT/last.pt, to another last epoch if the options say so; a schedule is then that of
  /// the new length. Errors: NotFound; InvalidArgument if it belongs to other options or data, or
  /// has more epochs behind it.
  void resume();
  /// Trains to the end, until the job is stopped, or until max_steps; saves in each case.
  TrainResult run(const Job& job = {});

  nn::TorchExecutor& executor();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// One epoch of a history for people: "epoch 3/12: training loss 1.2, validation loss 1.3, ...".
std::string epoch_text(const Json& entry, std::int64_t epochs);
/// The training curve of a history as SVG text: losses on the left axis, error rates on the right.
std::string curve_svg(const Json& history);

}  // namespace nest::train
