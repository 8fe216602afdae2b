#include "nest/train/fine_tuner.h"

#include <torch/torch.h>

#include "material.h"
#include "nest/core/error.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/rewrite.h"
#include "nest/io/checkpoint.h"
#include "nest/nn/tensor.h"
#include "nest/train/batch.h"
#include "nest/train/masks.h"
#include "nest/train/objective.h"
#include "nest/train/run.h"
#include "nest/train/windows.h"

namespace nest::train {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const text::Tokenizer> tokenizer_of(const graph::Model& model) {
  require(!model.vocabulary.tokenizer.is_null(), ErrorCode::kInvalidArgument,
          "model '{}' carries no tokenizer, so texts cannot become targets; add one with nest "
          "convert",
          model.name);
  return text::tokenizer_from_json(model.vocabulary.tokenizer, model.name);
}

TrainOptions train_options(const compress::FineTuneOptions& options, bool has_validation,
                           std::int64_t steps) {
  TrainOptions train;
  train.epochs = options.epochs;
  train.batch_size = options.batch_size;
  train.seed = options.seed;
  train.monitor = has_validation ? Monitor::kCer : Monitor::kLoss;
  train.max_steps = steps;
  train.optimizer.learning_rate = options.learning_rate;
  train.optimizer.weight_decay = options.weight_decay;
  train.optimizer.ema_decay = options.ema_decay;
  train.text_within_s = options.text_within_s;
  train.schedule.warmup_steps = options.warmup_steps;
  train.augment = options.augment;
  train.surround = options.surround;
  train.windows = options.windows;
  train.torch.threads = options.threads;
  train.distillation = options.distillation;
  return train;
}

}  // namespace

FineTuner::FineTuner(const std::filesystem::path& data, const graph::Model& model,
                     const compress::FineTuneOptions& options)
    : options_(options),
      dataset_(
          data::Dataset::open(options.train_data.empty() ? data : fs::path(options.train_data))),
      tokenizer_(tokenizer_of(model)) {
  validate(options_);
  const std::int64_t channels = dataset_.info().signal.num_channels;
  require(model.signal.num_channels == 0 || channels == model.signal.num_channels,
          ErrorCode::kInvalidArgument, "the model reads {} channels, {} has {}",
          model.signal.num_channels, dataset_.folder().string(), channels);
  validation_split_ = find_validation(dataset_, options_.validation_split);
  const compress::DistillationOptions& distillation = options_.distillation;
  if (!distillation.is_on()) return;
  teacher_ = distillation.teacher.empty() ? model : deploy::load_model(distillation.teacher);
}

void FineTuner::read() {
  if (training_ != nullptr) return;
  const data::SurroundOptions& surround = options_.surround;
  training_ = read_split(dataset_, options_.train_split, *tokenizer_, surround,
                         options_.windows.is_wanted());
  if (validation_split_.empty()) return;
  validation_ = read_split(dataset_, validation_split_, *tokenizer_, surround, false);
}

graph::Model FineTuner::train(const graph::Model& given, const TensorMap& masks,
                              const std::filesystem::path& folder, std::int64_t steps,
                              const Job& job) {
  read();
  TrainData data{.training = training_.get(), .validation = validation_.get(), .validator = {}};
  if (teacher_) data.teacher = &*teacher_;
  if (validation_ != nullptr) data.validator = greedy_validator(*validation_, tokenizer_);
  keep_masks(data, masks);
  graph::Model model = given;
  if (is_quantized(model)) {
    graph::fold_batch_norm(model);
    data.quantization = std::make_shared<FakeQuantization>(model, options_.activation_scales);
  }
  Trainer trainer(model, data, train_options(options_, validation_ != nullptr, steps), folder);
  const TrainResult result = trainer.run(job);
  require(!result.is_interrupted, ErrorCode::kInterrupted, "stopped by the user; {} is incomplete",
          folder.string());
  const bool is_whole = result.is_finished && steps == 0;
  graph::replace_weights(model, is_whole ? io::read_checkpoint(folder / "best.pt").state_dict
                                         : trainer.executor().snapshot().weights);
  if (data.quantization)
    model.quantization = is_whole ? deploy::load_model(folder / "best.pt").quantization
                                  : data.quantization->quantization();
  return model;
}

TensorMap FineTuner::gradients(const graph::Model& model, const Job& job) {
  read();
  nn::TorchExecutor executor(model, {.threads = options_.threads});
  const auto batches = plan_in_order(*training_, options_.batch_size);
  const std::vector<std::string> names = executor.parameters().trainable_names();
  nn::NamedTensors sums;
  for (const std::string& name : names)
    sums.emplace(name, torch::zeros_like(executor.parameters().at(name).detach()));
  Progress progress(job, "gradients", static_cast<std::int64_t>(batches.size()), "batches");
  for (const auto& items : batches) {
    job.check_stop("measure the gradients again");
    std::vector<Example> examples;
    for (const PlanItem& item : items) examples.push_back(load_item(*training_, item, {}, nullptr));
    Batch batch = make_batch(examples);
    if (options_.windows.is_wanted()) batch = in_windows(batch, model, options_.windows);
    const Loss loss = compute_loss(executor, batch);
    (loss.sum / static_cast<double>(std::max<std::int64_t>(loss.tokens, 1))).backward();
    for (const std::string& name : names) {
      torch::Tensor weight = executor.parameters().at(name);
      if (weight.grad().defined()) sums.at(name).add_(weight.grad().abs());
      weight.mutable_grad() = torch::Tensor();
    }
    progress.advance();
  }
  TensorMap means;
  for (const auto& [name, sum] : sums)
    means.emplace(name, nn::from_torch(sum / static_cast<double>(batches.size())));
  return means;
}

}  // namespace nest::train
