#include "executor_scorers.h"

#include <algorithm>
#include <cstring>

#include "nest/core/error.h"

namespace nest::decode {

namespace {

Tensor token_column(std::span<const TokenId> tokens) {
  Tensor tensor(DType::kI64, {static_cast<std::int64_t>(tokens.size()), 1});
  const auto out = tensor.mutable_data<std::int64_t>();
  std::copy(tokens.begin(), tokens.end(), out.begin());
  return tensor;
}

/// Copies a result that must fill `out` exactly.
void copy_result(const TensorMap& outputs, std::string_view port, std::span<float> out) {
  const auto it = outputs.find(port);
  require(it != outputs.end(), ErrorCode::kInternal, "the executor returned no '{}'", port);
  const auto data = it->second.data<float>();
  require(data.size() == out.size(), ErrorCode::kInternal, "'{}' has {} values, expected {}", port,
          data.size(), out.size());
  std::copy(data.begin(), data.end(), out.begin());
}

std::int64_t last_dim(const graph::Graph& graph, const graph::Port& port) {
  return graph.value(port.value).shape.back().constant();
}

}  // namespace

StateLayout::StateLayout(const graph::Graph& graph) {
  for (const graph::Port& port : graph.outputs) {
    if (port.feeds.empty()) continue;
    const graph::DimShape& shape = graph.value(graph.input(port.feeds).value).shape;
    const auto batch = std::find(shape.begin(), shape.end(), graph::Dim::symbol("B"));
    require(batch != shape.end(), ErrorCode::kUnsupported,
            "state '{}' of graph '{}' has no batch axis", port.feeds, graph.name);
    parts_.push_back(
        {port.feeds, port.name, shape, static_cast<std::size_t>(batch - shape.begin()), {}, 1, 1});
  }
  bind(1);
}

void StateLayout::bind(std::int64_t frames) {
  size_ = 0;
  for (Part& part : parts_) {
    part.outer = part.inner = 1;
    part.bound.assign(part.shape.size(), 1);
    for (std::size_t axis = 0; axis < part.shape.size(); ++axis) {
      if (axis == part.batch_axis) continue;
      const std::int64_t length = part.shape[axis].eval({{"T", frames}});
      part.bound[axis] = length;
      (axis < part.batch_axis ? part.outer : part.inner) *= length;
    }
    size_ += part.outer * part.inner;
  }
}

void StateLayout::scatter(std::span<const float> rows, std::int64_t n, TensorMap& inputs) const {
  std::int64_t offset = 0;
  for (const Part& part : parts_) {
    Shape shape = part.bound;
    shape[part.batch_axis] = n;
    Tensor tensor(DType::kF32, shape);
    float* out = tensor.mutable_data<float>().data();
    for (std::int64_t o = 0; o < part.outer; ++o) {
      for (std::int64_t i = 0; i < n; ++i) {
        std::copy_n(rows.data() + i * size_ + offset + o * part.inner, part.inner,
                    out + (o * n + i) * part.inner);
      }
    }
    offset += part.outer * part.inner;
    inputs[part.input] = std::move(tensor);
  }
}

void StateLayout::gather(const TensorMap& outputs, std::int64_t n, std::span<float> rows) const {
  std::int64_t offset = 0;
  for (const Part& part : parts_) {
    const auto data = outputs.at(part.output).data<float>();
    require(static_cast<std::int64_t>(data.size()) == part.outer * n * part.inner,
            ErrorCode::kInternal, "state '{}' has {} values", part.output, data.size());
    for (std::int64_t o = 0; o < part.outer; ++o) {
      for (std::int64_t i = 0; i < n; ++i) {
        std::copy_n(data.data() + (o * n + i) * part.inner, part.inner,
                    rows.data() + i * size_ + offset + o * part.inner);
      }
    }
    offset += part.outer * part.inner;
  }
}

ExecutorStepScorer::ExecutorStepScorer(graph::Executor& executor, std::string graph_name)
    : executor_(executor), graph_(std::move(graph_name)), layout_(executor.model().graph(graph_)) {
  const graph::Graph& graph = executor.model().graph(graph_);
  vocab_size_ = last_dim(graph, graph.output("logits"));
  memory_dim_ = last_dim(graph, graph.input("encoder_output"));
}

void ExecutorStepScorer::begin(std::span<const float> memory, std::span<const std::int64_t> lengths,
                               std::int64_t max_frames) {
  memory_.assign(memory.begin(), memory.end());
  lengths_.assign(lengths.begin(), lengths.end());
  max_frames_ = max_frames;
  gathered_for_.clear();
  layout_.bind(max_frames);
}

/// The memory of every row; made anew only when rows belong to other utterances than before.
void ExecutorStepScorer::gather_memory(std::span<const std::int32_t> utterances) {
  if (std::equal(utterances.begin(), utterances.end(), gathered_for_.begin(),
                 gathered_for_.end())) {
    return;
  }
  gathered_for_.assign(utterances.begin(), utterances.end());
  const auto n = static_cast<std::int64_t>(utterances.size());
  const std::int64_t row = max_frames_ * memory_dim_;
  Tensor memory(DType::kF32, {n, max_frames_, memory_dim_});
  Tensor lengths(DType::kI64, {n});
  bool is_padded = false;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int32_t u = utterances[static_cast<std::size_t>(i)];
    std::copy_n(memory_.data() + u * row, row, memory.mutable_data<float>().data() + i * row);
    const std::int64_t length = lengths_[static_cast<std::size_t>(u)];
    lengths.mutable_data<std::int64_t>()[static_cast<std::size_t>(i)] = length;
    is_padded |= length != max_frames_;
  }
  TensorMap fixed{{"encoder_output", std::move(memory)}};
  if (is_padded) fixed["lengths"] = std::move(lengths);
  bound_ = executor_.bind(graph_, std::move(fixed));
  inputs_.clear();
}

void ExecutorStepScorer::step(std::span<const TokenId> tokens,
                              std::span<const std::int32_t> utterances,
                              std::span<const float> state_in, std::span<float> state_out,
                              std::span<float> logits, std::span<float> attention) {
  const auto n = static_cast<std::int64_t>(tokens.size());
  gather_memory(utterances);
  inputs_["token"] = token_column(tokens);
  layout_.scatter(state_in, n, inputs_);
  const TensorMap outputs = bound_->run(inputs_);
  layout_.gather(outputs, n, state_out);
  copy_result(outputs, "logits", logits);
  copy_result(outputs, "attention", attention);
}

ExecutorTransducerScorer::ExecutorTransducerScorer(graph::Executor& executor)
    : executor_(executor), layout_(executor.model().graph("predictor")) {
  const graph::Graph& joiner = executor.model().graph("joiner");
  vocab_size_ = last_dim(joiner, joiner.output("logits"));
  memory_dim_ = last_dim(joiner, joiner.input("encoder_output"));
  prediction_dim_ = last_dim(joiner, joiner.input("prediction_output"));
}

void ExecutorTransducerScorer::predict(std::span<const TokenId> tokens,
                                       std::span<const float> state_in, std::span<float> state_out,
                                       std::span<float> prediction) {
  const auto n = static_cast<std::int64_t>(tokens.size());
  TensorMap inputs;
  inputs["tokens"] = token_column(tokens);
  layout_.scatter(state_in, n, inputs);
  const TensorMap outputs = executor_.run("predictor", inputs);
  layout_.gather(outputs, n, state_out);
  copy_result(outputs, "prediction_output", prediction);
}

void ExecutorTransducerScorer::join(std::span<const float> frame, std::span<const float> prediction,
                                    std::span<float> logits) {
  // All rows share the frame, so they go along the label axis: the frame is projected once.
  const auto n = static_cast<std::int64_t>(prediction.size()) / prediction_dim_;
  TensorMap inputs;
  inputs["encoder_output"] = Tensor::from<float>({1, 1, memory_dim_}, frame);
  inputs["prediction_output"] = Tensor::from<float>({1, n, prediction_dim_}, prediction);
  copy_result(executor_.run("joiner", inputs), "logits", logits);
}

}  // namespace nest::decode
