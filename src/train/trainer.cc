#include "nest/train/trainer.h"

#include <chrono>
#include <limits>

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "trainer_impl.h"

namespace nest::train {
namespace {

constexpr double kFirstLossScale = 65536;

TrainData checked(TrainData data) {
  require(data.training != nullptr && data.training->size() > 0, ErrorCode::kInvalidArgument,
          "there is nothing to train on: the training part is empty");
  return data;
}

const TrainOptions& checked(const TrainOptions& options) {
  nest::validate(options);
  return options;
}

}  // namespace

Trainer::Impl::Impl(graph::Model model, TrainData data, const TrainOptions& options,
                    std::filesystem::path out, Communicator* communicator)
    : options_(checked(options)),
      data_(checked(std::move(data))),
      out_(std::move(out)),
      communicator_(communicator),
      executor_(std::move(model), options.torch),
      optimizer_(executor_.parameters(), options.optimizer),
      schedule_(options.schedule, steps_per_epoch(), options.epochs) {
  state_.best_score = std::numeric_limits<double>::max();
  state_.loss_scale = kFirstLossScale;
  require(options.monitor == Monitor::kLoss || (data_.validation != nullptr && data_.validator),
          ErrorCode::kInvalidArgument,
          "monitor '{}' needs a recogniser and a validation part; monitor 'loss'",
          name_of(options.monitor));
  executor_.set_weight_hook(data_.weight_hook);
  executor_.set_product_hook(data_.quantization);
  require(!data_.quantization || world() == 1, ErrorCode::kUnsupported,
          "a quantized model trains in one process, not {}", world());
  if (options_.distillation.is_on()) {
    require(data_.teacher != nullptr, ErrorCode::kInvalidArgument,
            "a distillation weight of {} needs a teacher",
            options_.distillation.weight_or_default());
    teacher_.emplace(*data_.teacher, executor_.model(), options_.torch, options_.distillation);
  }
  if (world() > 1) {
    executor_.set_all_reduce(
        [this](const torch::Tensor& x) { return communicator_->sum_with_gradient(x); });
  }
}

std::vector<std::vector<PlanItem>> Trainer::Impl::plan(std::int64_t epoch) const {
  auto batches = plan_epoch(*data_.training,
                            {.batch_size = options_.batch_size * world(),
                             .bucket_batches = options_.bucket_batches,
                             .seed = options_.seed,
                             .augment = options_.augment},
                            epoch);
  // Every process needs an item in every batch.
  std::erase_if(batches, [&](const auto& batch) {
    return static_cast<std::int64_t>(batch.size()) < world();
  });
  return batches;
}

std::int64_t Trainer::Impl::steps_per_epoch() const {
  return static_cast<std::int64_t>(plan(0).size());
}

/// Options that must not change within a run; where it runs and how long it goes on may.
Json Trainer::Impl::comparable_options() const {
  Json json = nest::to_json(options_);
  for (const char* name : {"epochs", "max_steps", "device", "threads", "early_stopping"}) {
    json.erase(name);
  }
  json["examples"] = data_.training->size();
  json["processes"] = world();
  return json;
}

/// Errors: InvalidArgument for what cannot change within a run.
void Trainer::Impl::require_same_run(const Json& theirs) const {
  const std::string last = (out_ / "last.pt").string();
  const Json ours = comparable_options();
  for (const auto& [name, value] : ours.items()) {
    const Json& before = theirs.value(name, Json());
    if (before == value) continue;
    const bool is_option = name != "examples" && name != "processes";
    fail(ErrorCode::kInvalidArgument,
         "{}: the run began with {} = {}, not {}: order, schedule and averages of its steps belong "
         "to that. Go on with the same, or begin a new run with these weights: `init` {}",
         last, is_option ? "`" + name + "`" : name, before.dump(), value.dump(), last);
  }
  require(options_.epochs >= state_.epoch, ErrorCode::kInvalidArgument,
          "{}: {} epochs are done; `epochs` is {}, it can be more, not fewer", last, state_.epoch,
          options_.epochs);
}

graph::Model Trainer::Impl::snapshot() const {
  graph::Model model = executor_.snapshot();
  if (data_.quantization) model.quantization = data_.quantization->quantization();
  return model;
}

void Trainer::Impl::resume() {
  require(!data_.quantization, ErrorCode::kUnsupported,
          "the training of a quantized model is not resumed; begin it again");
  const Stored stored = read_resumable(out_ / "last.pt");
  state_ = stored.resumable.state;
  require_same_run(stored.resumable.options);
  executor_.parameters().assign(stored.weights);
  optimizer_.restore(stored.resumable.optimizer);
  schedule_.restore(stored.resumable.schedule);
  if (is_main() && (state_.epoch == options_.epochs || stops_early())) {
    log_info("nothing is left to do after {} epochs; with more of them the run goes on",
             state_.epoch);
  }
}

TrainResult Trainer::Impl::run(const Job& job) {
  log_info("training {} ({} parameters) on {}: {} utterances, {} steps an epoch, {} process(es)",
           executor_.model().name, executor_.model().num_parameters(), executor_.describe(),
           data_.training->size(), steps_per_epoch(), world());
  if (teacher_)
    log_info("{:g} of the loss is the distance from {}", options_.distillation.weight_or_default(),
             data_.teacher->name);
  Stop stop = Stop::kNo;
  while (stop == Stop::kNo && state_.epoch < options_.epochs && !stops_early()) {
    stop = run_epoch(job);
    if (stop == Stop::kNo) finish_epoch();
    save_last();
  }
  if (stop == Stop::kUser) {
    log_info("stopped at epoch {}, step {}; {} can be resumed", state_.epoch, state_.step,
             (out_ / "last.pt").string());
  }
  return {.steps = state_.step,
          .epochs = state_.epoch,
          .best_score = state_.best_score,
          .best_epoch = state_.best_epoch,
          .is_finished = stop == Stop::kNo,
          .is_interrupted = stop == Stop::kUser,
          .history = state_.history};
}

Stop Trainer::Impl::run_epoch(const Job& job) {
  const auto batches = plan(state_.epoch);
  const auto start = std::chrono::steady_clock::now();
  Progress progress(job, fmt::format("epoch {}/{}", state_.epoch + 1, options_.epochs),
                    is_main() ? static_cast<std::int64_t>(batches.size()) - state_.batch : 0,
                    "steps");
  Stop stop = Stop::kNo;
  while (stop == Stop::kNo && state_.batch < static_cast<std::int64_t>(batches.size())) {
    if (options_.max_steps > 0 && state_.step >= options_.max_steps) {
      stop = Stop::kMaxSteps;
      break;
    }
    train_step(batches[static_cast<std::size_t>(state_.batch)], job.stop);
    if (stop_requested_) stop = Stop::kUser;
    progress.advance();
    progress.note(fmt::format("loss {:.4f}", state_.loss_sum / std::max(state_.tokens, 1.0)));
  }
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stop;
}

Scores Trainer::Impl::validate_now() {
  const torch::NoGradGuard no_grad;
  executor_.set_training(false);
  double sum = 0;
  double tokens = 0;
  for (const auto& items : plan_in_order(*data_.validation, options_.batch_size)) {
    std::vector<Example> examples;
    for (const PlanItem& item : items) {
      examples.push_back(load_item(*data_.validation, item, {}, nullptr));
    }
    const Loss loss = compute_loss(executor_, make_batch(examples));
    sum += loss.sum.item<double>();
    tokens += static_cast<double>(loss.tokens);
  }
  Scores scores{{"loss", sum / std::max(tokens, 1.0)}};
  if (data_.validator) scores.merge(data_.validator(executor_));
  return scores;
}

bool Trainer::Impl::keep_if_best(double score) {
  if (state_.best_epoch >= 0 && !(score < state_.best_score)) {
    ++state_.waited;
    return false;
  }
  state_.best_score = score;
  state_.best_epoch = state_.epoch;
  state_.waited = 0;
  if (is_main()) {
    const Json training = {{"epoch", state_.epoch + 1},
                           {"step", state_.step},
                           {"monitor", name_of(options_.monitor)},
                           {"score", score},
                           {"options", nest::to_json(options_)}};
    write_model(out_ / "best.pt", snapshot(), training);
  }
  return true;
}

void Trainer::Impl::finish_epoch() {
  Json entry = {
      {"epoch", state_.epoch + 1},
      {"step", state_.step},
      {"train_loss", state_.loss_sum / std::max(state_.tokens, 1.0)},
      {"learning_rate", options_.optimizer.learning_rate * schedule_.factor(state_.step - 1)},
      {"utterances", state_.items},
      {"skipped", state_.skipped},
      {"seconds", seconds_}};
  const bool is_last = state_.epoch + 1 == options_.epochs;
  if ((state_.epoch + 1) % options_.validate_every == 0 || is_last) {
    // Averaged weights are what best.pt holds, so they are what is validated.
    const TensorMap raw = executor_.parameters().to_tensors();
    executor_.parameters().assign(optimizer_.averaged());
    Scores scores{{"loss", entry["train_loss"].get<double>()}};
    if (data_.validation != nullptr && data_.validation->size() > 0) {
      scores = validate_now();
      for (const auto& [name, value] : scores) entry[name] = value;
    }
    const auto score = scores.find(std::string(name_of(options_.monitor)));
    require(score != scores.end(), ErrorCode::kInvalidArgument,
            "the validation gives no '{}' to monitor", name_of(options_.monitor));
    entry["is_best"] = keep_if_best(score->second);
    schedule_.observe(score->second);
    executor_.parameters().assign(raw);
  }
  if (is_main()) log_info("{}", epoch_text(entry, options_.epochs));
  state_.history.push_back(std::move(entry));
  ++state_.epoch;
  state_.batch = 0;
  state_.loss_sum = state_.tokens = state_.items = state_.skipped = 0;
  write_reports();
}

bool Trainer::Impl::stops_early() const {
  return options_.early_stopping > 0 && state_.waited >= options_.early_stopping;
}

void Trainer::Impl::save_last() {
  if (!is_main()) return;
  const Resumable resumable{state_, schedule_.state(), comparable_options(), optimizer_.state()};
  const Json training = {
      {"epoch", state_.epoch}, {"step", state_.step}, {"options", nest::to_json(options_)}};
  write_model(out_ / "last.pt", snapshot(), training, &resumable);
}

void Trainer::Impl::write_reports() const {
  if (!is_main()) return;
  std::string lines;
  for (const Json& entry : state_.history) lines += entry.dump() + "\n";
  write_text_file(out_ / "log.jsonl", lines);
  write_text_file(out_ / "curve.svg", curve_svg(state_.history));
}

Trainer::Trainer(graph::Model model, TrainData data, const TrainOptions& options,
                 std::filesystem::path out, Communicator* communicator)
    : impl_(std::make_unique<Impl>(std::move(model), std::move(data), options, std::move(out),
                                   communicator)) {}
Trainer::~Trainer() = default;

void Trainer::resume() {
  impl_->resume();
}
TrainResult Trainer::run(const Job& job) {
  return impl_->run(job);
}
nn::TorchExecutor& Trainer::executor() {
  return impl_->executor();
}

}  // namespace nest::train
