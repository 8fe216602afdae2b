#include <cmath>

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/hash.h"
#include "nest/core/log.h"
#include "nest/train/windows.h"
#include "trainer_impl.h"

namespace nest::train {

Batch Trainer::Impl::load_share(const std::vector<PlanItem>& items) const {
  const std::int64_t rank = communicator_ == nullptr ? 0 : communicator_->rank();
  std::vector<Example> examples;
  for (std::size_t i = static_cast<std::size_t>(rank); i < items.size();
       i += static_cast<std::size_t>(world())) {
    const auto stream = static_cast<std::uint64_t>(state_.step) << 20 | i;
    Rng rng(options_.seed, "augment", stream);
    examples.push_back(load_item(*data_.training, items[i], options_.augment, &rng));
  }
  const Batch batch = make_batch(examples);
  return options_.windows.is_wanted() ? in_windows(batch, executor_.model(), options_.windows)
                                      : batch;
}

bool Trainer::Impl::uses_loss_scale() const {
  return executor_.precision() == graph::Precision::kFp16 && executor_.device().is_cuda();
}

void Trainer::Impl::backward(const Loss& loss, double total_tokens) {
  const double scale = uses_loss_scale() ? state_.loss_scale : 1;
  (loss.sum * (scale / std::max(total_tokens, 1.0))).backward();
  reduce_gradients();
  if (scale == 1) return;
  for (const torch::Tensor& weight : executor_.parameters().trainable()) {
    if (weight.grad().defined()) weight.mutable_grad().div_(scale);
  }
}

/// One sum over processes for all gradients together.
void Trainer::Impl::reduce_gradients() {
  if (world() == 1) return;
  std::vector<torch::Tensor> flat;
  const std::vector<torch::Tensor> weights = executor_.parameters().trainable();
  for (const torch::Tensor& weight : weights) {
    flat.push_back(weight.grad().defined() ? weight.grad().reshape({-1})
                                           : torch::zeros({weight.numel()}, weight.options()));
  }
  torch::Tensor all = torch::cat(flat);
  communicator_->sum(all);
  std::int64_t offset = 0;
  for (const torch::Tensor& weight : weights) {
    weight.mutable_grad() = all.slice(0, offset, offset + weight.numel()).reshape(weight.sizes());
    offset += weight.numel();
  }
}

/// Halves on overflow, doubles after 2000 good steps (Micikevicius et al. 2018).
void Trainer::Impl::adapt_loss_scale(bool was_finite) {
  if (!uses_loss_scale()) return;
  if (!was_finite) {
    state_.loss_scale = std::max(1.0, state_.loss_scale / 2);
    state_.good_steps = 0;
  } else if (++state_.good_steps == 2000) {
    state_.loss_scale *= 2;
    state_.good_steps = 0;
  }
}

Loss Trainer::Impl::training_loss(const Batch& batch, const ObjectiveOptions& objective) {
  return teacher_ ? teacher_->compute_loss(executor_, batch, objective)
                  : compute_loss(executor_, batch, objective);
}

void Trainer::Impl::train_step(const std::vector<PlanItem>& items, const std::stop_token& stop) {
  const Batch batch = load_share(items);
  // Dropout of a step depends on (seed, step, process) alone, so a resumed run repeats it.
  const std::string key = fmt::format("dropout {} {} {}", options_.seed, state_.step,
                                      communicator_ == nullptr ? 0 : communicator_->rank());
  torch::manual_seed(fnv1a(key));
  executor_.set_training(true);
  optimizer_.zero_grad();
  if (data_.quantization) data_.quantization->zero_grad();
  const double ramp = static_cast<double>(state_.epoch) /
                      static_cast<double>(std::max<std::int64_t>(options_.epochs - 1, 1));
  const Loss loss = training_loss(batch, {.label_smoothing = options_.label_smoothing,
                                          .sampling = options_.sampling * ramp,
                                          .seed = fnv1a(key),
                                          .text_within_s = options_.text_within_s});
  torch::Tensor totals = torch::tensor(
      {loss.sum.item<double>(), static_cast<double>(loss.tokens), static_cast<double>(loss.items),
       static_cast<double>(loss.skipped), stop.stop_requested() ? 1.0 : 0.0},
      torch::kFloat64);
  if (communicator_ != nullptr) communicator_->sum(totals);
  const double* total = totals.data_ptr<double>();
  backward(loss, total[1]);
  const double rate = options_.optimizer.learning_rate * schedule_.factor(state_.step);
  const double norm = optimizer_.step(rate);
  if (data_.quantization && std::isfinite(norm)) data_.quantization->step(rate);
  if (data_.after_step) {
    const torch::NoGradGuard no_grad;
    data_.after_step(executor_.parameters());
  }
  adapt_loss_scale(std::isfinite(norm));
  if (!std::isfinite(norm) && !uses_loss_scale()) {
    fail(
        ErrorCode::kCheckFailed,
        "step {}: the gradient is not finite (loss {}); lower learning_rate or clip_norm, or check "
        "the signals for huge values",
        state_.step, total[0]);
  }
  state_.loss_sum += total[0];
  state_.tokens += total[1];
  state_.items += total[2];
  state_.skipped += total[3];
  stop_requested_ = total[4] > 0;
  ++state_.step;
  ++state_.batch;
}

}  // namespace nest::train
