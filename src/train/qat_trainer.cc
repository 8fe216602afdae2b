#include "nest/train/qat_trainer.h"

#include <cmath>

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/graph/rewrite.h"

namespace nest::train {

QATTrainer::QATTrainer(graph::Model model, const QATOptions& options)
    : model_(std::move(model)), options_(options) {}

void QATTrainer::prepare() {
  graph::Model folded = model_;
  graph::fold_batch_norm(folded);
  quantization_ = std::make_shared<FakeQuantization>(folded, options_.scales);
  executor_.emplace(std::move(folded), options_.torch);
  executor_->set_product_hook(quantization_);
  optimizer_.emplace(executor_->parameters(), options_.optimizer);
}

nn::TorchExecutor& QATTrainer::executor() {
  require(executor_.has_value(), ErrorCode::kInvalidArgument,
          "'{}' is not prepared; call prepare() first", model_.name);
  return *executor_;
}

double QATTrainer::train_step(const Batch& batch, Teacher* teacher) {
  nn::TorchExecutor& student = executor();
  student.set_training(true);
  optimizer_->zero_grad();
  quantization_->zero_grad();
  const Loss loss =
      teacher == nullptr ? compute_loss(student, batch) : teacher->compute_loss(student, batch, {});
  const auto tokens = static_cast<double>(std::max<std::int64_t>(loss.tokens, 1));
  (loss.sum / tokens).backward();
  const double norm = optimizer_->step(options_.optimizer.learning_rate);
  student.set_training(false);
  require(std::isfinite(norm), ErrorCode::kCheckFailed,
          "the gradient is not finite; lower learning_rate or clip_norm");
  quantization_->step(options_.optimizer.learning_rate);
  return loss.sum.item<double>() / tokens;
}

graph::Model QATTrainer::convert() const {
  require(executor_.has_value(), ErrorCode::kInvalidArgument,
          "'{}' is not prepared; call prepare() first", model_.name);
  graph::Model made = executor_->snapshot();
  made.quantization = quantization_->quantization();
  return made;
}

}  // namespace nest::train
