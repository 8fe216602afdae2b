#include "scope.h"

#include <utility>

namespace nest::graph {

namespace {

/// weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l0_reverse, ...
std::vector<std::string> recurrent_suffixes(std::int64_t layers, bool is_bidirectional) {
  std::vector<std::string> suffixes;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    for (const char* direction : {"", "_reverse"}) {
      if (*direction != '\0' && !is_bidirectional) continue;
      for (const char* kind : {"weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"}) {
        suffixes.push_back(kind + std::to_string(layer) + direction);
      }
    }
  }
  return suffixes;
}

}  // namespace

ValueId Scope::node(const std::string& name, Op op, std::vector<ValueId> inputs) const {
  return graph_->add_node(prefix_ + name, std::move(op), std::move(inputs)).front();
}

std::vector<ValueId> Scope::module(const std::string& name, Op op, std::vector<ValueId> inputs,
                                   const std::vector<std::string>& suffixes) const {
  std::vector<WeightRef> weights;
  for (const std::string& suffix : suffixes) weights.push_back({prefix_ + name + "." + suffix});
  return graph_->add_node(prefix_ + name, std::move(op), std::move(inputs), std::move(weights));
}

ValueId Scope::conv(const std::string& name, const Conv& op, ValueId x) const {
  std::vector<std::string> suffixes{"weight"};
  if (op.has_bias) suffixes.emplace_back("bias");
  return module(name, op, {x}, suffixes).front();
}

ValueId Scope::batch_norm(const std::string& name, std::int64_t channels, ValueId x) const {
  return module(name, BatchNorm{.channels = channels}, {x},
                {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
      .front();
}

ValueId Scope::layer_norm(const std::string& name, std::int64_t features, ValueId x) const {
  return module(name, LayerNorm{.features = features}, {x}, {"weight", "bias"}).front();
}

ValueId Scope::activate(const std::string& name, Activation function, ValueId x) const {
  return node(name, Activate{function}, {x});
}

ValueId Scope::dropout(const std::string& name, double p, ValueId x) const {
  return node(name, Dropout{p}, {x});
}

ValueId Scope::add(const std::string& name, ValueId a, ValueId b) const {
  return node(name, Add{}, {a, b});
}

ValueId Scope::linear(const std::string& name, const Linear& op, ValueId x) const {
  std::vector<std::string> suffixes{"weight"};
  if (op.has_bias) suffixes.emplace_back("bias");
  return module(name, op, {x}, suffixes).front();
}

ValueId Scope::packed_linear(const std::string& name, const std::string& weights, const Linear& op,
                             std::int64_t row, ValueId x) const {
  const std::int64_t end = row + op.out_features;
  return graph_
      ->add_node(
          prefix_ + name, op, {x},
          {{prefix_ + weights + "_weight", row, end}, {prefix_ + weights + "_bias", row, end}})
      .front();
}

ValueId Scope::embedding(const std::string& name, const Embedding& op, ValueId tokens) const {
  return module(name, op, {tokens}, {"weight"}).front();
}

std::vector<ValueId> Scope::attention(const std::string& name, const Attention& op,
                                      std::vector<ValueId> inputs,
                                      const std::vector<std::string>& weights) const {
  std::vector<WeightRef> references;
  for (const std::string& weight : weights) references.push_back({prefix_ + weight});
  return graph_->add_node(prefix_ + name, op, std::move(inputs), std::move(references));
}

std::vector<ValueId> Scope::lstm(const std::string& name, const Lstm& op,
                                 std::vector<ValueId> inputs) const {
  return module(name, op, std::move(inputs), recurrent_suffixes(op.num_layers, op.bidirectional));
}

std::vector<ValueId> Scope::gru(const std::string& name, const Gru& op,
                                std::vector<ValueId> inputs) const {
  return module(name, op, std::move(inputs), recurrent_suffixes(op.num_layers, op.bidirectional));
}

}  // namespace nest::graph
