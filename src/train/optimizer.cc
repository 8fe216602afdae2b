#include "nest/train/optimizer.h"

#include <cmath>

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/nn/tensor.h"

namespace nest::train {

EnumTable enum_table(OptimizerKind /*of*/) {
  static constexpr EnumName kNames[] = {{OptimizerKind::kAdamW, "adamw"},
                                        {OptimizerKind::kAdam, "adam"},
                                        {OptimizerKind::kSgd, "sgd"}};
  return {"optimizer", kNames};
}

void visit_fields(FieldVisitor& visitor, OptimizerOptions& o) {
  visitor.group("Optimizer");
  visitor.field("optimizer", o.optimizer, "rule of a step");
  visitor.field("learning_rate", o.learning_rate, "highest learning rate", above(0),
                {.flag = "learning-rate,lr"});
  visitor.field("weight_decay", o.weight_decay, "of weights with two or more axes", at_least(0));
  visitor.field("beta1", o.beta1, "Adam: decay of the first moment", at_least(0).below(1));
  visitor.field("beta2", o.beta2, "Adam: decay of the second moment", at_least(0).below(1));
  visitor.field("epsilon", o.epsilon, "Adam: added to the denominator", above(0));
  visitor.field("momentum", o.momentum, "SGD", at_least(0).below(1));
  visitor.field("clip_norm", o.clip_norm, "largest norm of the gradient; 0: no clipping",
                at_least(0), {.also = "clip_grad_norm"});
  visitor.field("ema_decay", o.ema_decay, "decay of the averaged weights; 0: none",
                at_least(0).below(1));
}

Optimizer::Optimizer(nn::ParameterStore& parameters, const OptimizerOptions& options)
    : options_(options) {
  nest::validate(options);
  const torch::NoGradGuard no_grad;
  for (const std::string& name : parameters.trainable_names()) {
    Slot slot{name, parameters.at(name), torch::zeros_like(parameters.at(name)), {}, {}};
    if (options.optimizer != OptimizerKind::kSgd) slot.second = torch::zeros_like(slot.weight);
    if (options.ema_decay > 0) slot.average = slot.weight.detach().clone();
    slots_.push_back(std::move(slot));
  }
}

void Optimizer::zero_grad() {
  for (Slot& slot : slots_) slot.weight.mutable_grad() = torch::Tensor();
}

void Optimizer::update(Slot& slot, double rate) const {
  torch::Tensor gradient = slot.weight.grad();
  const bool is_decayed = options_.weight_decay > 0 && slot.weight.dim() > 1;
  const bool is_decoupled = options_.optimizer == OptimizerKind::kAdamW;
  if (is_decayed && is_decoupled) slot.weight.mul_(1 - rate * options_.weight_decay);
  if (is_decayed && !is_decoupled) gradient = gradient.add(slot.weight, options_.weight_decay);
  if (options_.optimizer == OptimizerKind::kSgd) {
    slot.first.mul_(options_.momentum).add_(gradient);
    slot.weight.add_(slot.first, -rate);
    return;
  }
  const auto n = static_cast<double>(steps_);
  slot.first.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
  slot.second.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  const torch::Tensor denominator =
      slot.second.sqrt().div_(std::sqrt(1 - std::pow(options_.beta2, n))).add_(options_.epsilon);
  slot.weight.addcdiv_(slot.first, denominator, -rate / (1 - std::pow(options_.beta1, n)));
}

double Optimizer::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  double squares = 0;
  for (const Slot& slot : slots_) {
    if (!slot.weight.grad().defined()) continue;
    const double norm = slot.weight.grad().norm().item<double>();
    squares += norm * norm;
  }
  const double norm = std::sqrt(squares);
  if (!std::isfinite(norm)) return norm;
  ++steps_;
  const bool is_clipped = options_.clip_norm > 0 && norm > options_.clip_norm;
  for (Slot& slot : slots_) {
    if (!slot.weight.grad().defined()) continue;
    if (is_clipped) slot.weight.mutable_grad().mul_(options_.clip_norm / (norm + 1e-6));
    update(slot, learning_rate);
  }
  for (Slot& slot : slots_) {
    if (slot.average.defined()) slot.average.lerp_(slot.weight, 1 - options_.ema_decay);
  }
  return norm;
}

TensorMap Optimizer::averaged() const {
  TensorMap values;
  for (const Slot& slot : slots_) {
    if (slot.average.defined()) values.emplace(slot.name, nn::from_torch(slot.average));
  }
  return values;
}

TensorMap Optimizer::state() const {
  TensorMap state;
  state.emplace("steps", Tensor::from<std::int64_t>({1}, std::vector<std::int64_t>{steps_}));
  for (const Slot& slot : slots_) {
    state.emplace("first." + slot.name, nn::from_torch(slot.first));
    if (slot.second.defined()) state.emplace("second." + slot.name, nn::from_torch(slot.second));
    if (slot.average.defined()) state.emplace("average." + slot.name, nn::from_torch(slot.average));
  }
  return state;
}

void Optimizer::restore(const TensorMap& state) {
  const torch::NoGradGuard no_grad;
  const auto take = [&](const std::string& name, const Shape& shape) -> const Tensor& {
    const auto it = state.find(name);
    require(it != state.end() && it->second.shape() == shape, ErrorCode::kDataCorrupt,
            "the optimizer state has no tensor '{}' of shape {}; it belongs to another run", name,
            to_string(shape));
    return it->second;
  };
  const auto load = [&](torch::Tensor tensor, const std::string& name) {
    if (tensor.defined()) tensor.copy_(nn::to_torch(take(name, tensor.sizes().vec())));
  };
  for (Slot& slot : slots_) {
    load(slot.first, "first." + slot.name);
    load(slot.second, "second." + slot.name);
    load(slot.average, "average." + slot.name);
  }
  steps_ = take("steps", {1}).data<std::int64_t>()[0];
}

}  // namespace nest::train
