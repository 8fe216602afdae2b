#include <algorithm>
#include <numeric>

#include "nest/core/error.h"
#include "raise.h"

/// Norms and softmax.
namespace nest::exports {
namespace {

/// Runs a kind that works along the last axis along any: that axis is moved there and back.
template <class Emit>
void along(Raise& at, const OnnxNode& node, std::int64_t axis, const Emit& emit) {
  const View x = at.view(node, 0);
  const auto rank = static_cast<std::int64_t>(x.axes.size());
  if (axis < 0) axis += rank;
  require(axis >= 0 && axis < rank, ErrorCode::kUnsupported, "axis {} of {}", axis, rank);
  std::vector<std::int64_t> order(x.axes.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::rotate(order.begin() + axis, order.begin() + axis + 1, order.end());
  emit(at.value(transposed(x, order), node));
  std::vector<std::int64_t> back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    back[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  at.set(node, transposed(std::get<View>(at.edge(node.outputs[0])), back));
}

std::int64_t softmax_axis(const Raise& at, const OnnxNode& node) {
  constexpr int kLastSince = 13;
  return attribute_or(node, "axis", std::int64_t{at.opset() >= kLastSince ? -1 : 1});
}

void softmax(Raise& at, const OnnxNode& node) {
  if (const auto* scores = std::get_if<HeadScores>(&at.input(node, 0))) {
    const std::int64_t axis = softmax_axis(at, node);
    require(axis == -1 || axis == 2 || axis == 3, ErrorCode::kUnsupported,
            "softmax of attention scores along axis {}", axis);
    HeadScores made = *scores;
    made.is_softmax = true;
    return at.set(node, made);
  }
  along(at, node, softmax_axis(at, node),
        [&](graph::ValueId x) { at.emit(node, graph::Softmax{}, {x}); });
}

void log_softmax(Raise& at, const OnnxNode& node) {
  along(at, node, softmax_axis(at, node),
        [&](graph::ValueId x) { at.emit(node, graph::LogSoftmax{}, {x}); });
}

void layer_norm(Raise& at, const OnnxNode& node) {
  const Tensor gain = at.weight(node, 1, "gain");
  require(gain.rank() == 1, ErrorCode::kUnsupported, "it spans {} axes", gain.rank());
  const std::int64_t features = gain.numel();
  const Tensor bias =
      at.has_input(node, 2) ? at.weight(node, 2, "bias") : Tensor(DType::kF32, gain.shape());
  const std::string name = at.name_of(node, node.inputs[1]);
  const double eps = attribute_or(node, "epsilon", 1e-5);
  along(at, node, -1, [&](graph::ValueId x) {
    at.emit(node, graph::LayerNorm{features, eps}, {x},
            {at.add_weight(name, "weight", gain), at.add_weight(name, "bias", bias)});
  });
}

void batch_norm(Raise& at, const OnnxNode& node) {
  require(attribute_or(node, "training_mode", std::int64_t{0}) == 0, ErrorCode::kUnsupported,
          "it is in training mode");
  const Tensor gain = at.weight(node, 1, "gain");
  const std::string name = at.name_of(node, node.inputs[1]);
  std::vector<graph::WeightRef> weights{at.add_weight(name, "weight", gain)};
  const char* rest[] = {"bias", "running_mean", "running_var"};
  for (std::size_t i = 0; i < std::size(rest); ++i)
    weights.push_back(at.add_weight(name, rest[i], at.weight(node, i + 2, rest[i])));
  weights.push_back(at.add_weight(name, "num_batches_tracked", Tensor(DType::kI64, {})));
  at.emit(node, graph::BatchNorm{gain.numel(), attribute_or(node, "epsilon", 1e-5)},
          {at.value(node, 0)}, std::move(weights));
}

}  // namespace

Follow follow_rows(std::string_view op) {
  static const std::map<std::string_view, Follow> kFollow{{"Softmax", softmax},
                                                          {"LogSoftmax", log_softmax},
                                                          {"LayerNormalization", layer_norm},
                                                          {"BatchNormalization", batch_norm}};
  const auto found = kFollow.find(op);
  return found == kFollow.end() ? nullptr : found->second;
}

}  // namespace nest::exports
