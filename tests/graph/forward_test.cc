#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/graph/factory.h"

namespace nest::graph {
namespace {

/// Returns tensors of the inferred shapes, filled with the number of the call, and keeps what it
/// was given: so the host side of a forward pass can be tested without arithmetic.
class CountingExecutor : public Executor {
 public:
  explicit CountingExecutor(Model model) : model_(std::move(model)) {}
  const Model& model() const override { return model_; }
  std::string describe() const override { return "counting"; }
  std::int64_t weight_bytes() const override { return 0; }

  TensorMap run(std::string_view graph_name, const TensorMap& inputs) override {
    const Graph& graph = model_.graph(graph_name);
    const Bindings bindings = nest::graph::bind(graph, inputs);
    calls.emplace_back(graph_name, inputs);
    TensorMap outputs;
    for (const Port& port : graph.outputs) {
      Shape shape;
      for (const Dim& dim : graph.value(port.value).shape) shape.push_back(dim.eval(bindings));
      Tensor tensor(DType::kF32, shape);
      for (float& value : tensor.mutable_data<float>()) value = static_cast<float>(calls.size());
      outputs[port.name] = tensor;
    }
    return outputs;
  }

  std::vector<std::pair<std::string, TensorMap>> calls;

 private:
  Model model_;
};

Model small(const std::string& key, const std::string& decoder) {
  return build_model(key,
                     Config::parse("spatial_cnn: {type: EEGNet, n_channels: 4, sampling_rate: 32}\n"
                                   "temporal_encoder: {type: LSTM, hidden_dim: 3}\n" +
                                   decoder));
}

const Tensor kEeg(DType::kF32, {2, 4, 128});
const Tensor kLabels = Tensor::from<std::int64_t>({2, 3}, {1, 2, 3, 4, 5, 6});

TEST(RunForward, attention_runs_one_step_a_label_and_hands_the_state_on) {
  CountingExecutor executor(
      small("nest_attention", "decoder: {vocab_size: 9, embedding_dim: 4, hidden_dim: 5}"));
  const TensorMap outputs = run_forward(
      executor, {{"eeg_data", kEeg.reshaped({2, 1, 4, 128})}, {"target_labels", kLabels}});
  ASSERT_EQ(executor.calls.size(), 4U);  // the encoder and three steps
  EXPECT_EQ(outputs.at("logits").shape(), (Shape{2, 3, 9}));
  EXPECT_EQ(outputs.at("logits").data<float>()[0], 2.0F);
  EXPECT_EQ(outputs.at("logits").data<float>()[9 * 2], 4.0F);
  const TensorMap& second = executor.calls[2].second;
  EXPECT_EQ(second.at("token").data<std::int64_t>()[0], 2);
  EXPECT_EQ(second.at("token").data<std::int64_t>()[1], 5);
  EXPECT_EQ(second.at("h").data<float>()[0], 2.0F);
  EXPECT_FALSE(executor.calls[1].second.contains("h"));
}

TEST(RunForward, transducer_joins_every_frame_with_every_label_and_with_one_blank) {
  CountingExecutor executor(small("nest_rnn_t",
                                  "decoder: {vocab_size: 9, embedding_dim: 4, hidden_dim: 5}\n"
                                  "joint: {joint_dim: 4}\nblank_id: 7"));
  const TensorMap outputs =
      run_forward(executor, {{"eeg_data", kEeg},
                             {"target_labels", kLabels},
                             {"lengths", Tensor::from<std::int64_t>({2}, {128, 64})}});
  const std::int64_t frames = outputs.at("encoder_output").dim(1);
  EXPECT_EQ(outputs.at("logits").shape(), (Shape{2, frames, 3, 9}));
  EXPECT_EQ(outputs.at("logits_no_labels").shape(), (Shape{2, frames, 1, 9}));
  EXPECT_EQ(outputs.at("prediction_output").shape(), (Shape{2, 3, 5}));
  EXPECT_EQ(outputs.at("encoder_lengths").data<std::int64_t>()[0], frames);
  EXPECT_EQ(outputs.at("encoder_lengths").data<std::int64_t>()[1], 2);
  EXPECT_EQ(executor.calls[1].second.at("tokens").data<std::int64_t>()[0], 7);
}

TEST(RunForward, blocks_take_the_inputs_of_the_reference_class) {
  CountingExecutor location(build_block(
      "LocationAwareAttention",
      Config::parse("{query_dim: 4, key_dim: 3, hidden_dim: 2, num_filters: 2, kernel_size: 3}")));
  TensorMap inputs{{"query", Tensor(DType::kF32, {1, 2, 4})},
                   {"key", Tensor(DType::kF32, {1, 6, 3})},
                   {"value", Tensor(DType::kF32, {1, 6, 3})}};
  run_forward(location, inputs);
  inputs["previous_attn"] = Tensor(DType::kF32, {1, 2, 6});
  run_forward(location, inputs);
  EXPECT_EQ(location.calls[0].first, "block");
  EXPECT_EQ(location.calls[1].first, "block_previous");

  CountingExecutor decoder(build_block(
      "AttentionDecoder",
      Config::parse(
          "{vocab_size: 9, embedding_dim: 4, encoder_dim: 8, hidden_dim: 8, num_layers: 1, "
          "attention_type: multiplicative}")));
  const TensorMap outputs = run_forward(
      decoder, {{"encoder_output", Tensor(DType::kF32, {2, 6, 8})}, {"target_tokens", kLabels}});
  EXPECT_EQ(outputs.at("logits").shape(), (Shape{2, 3, 9}));
  EXPECT_EQ(outputs.at("h_n").shape(), (Shape{1, 2, 8}));
  inputs["query_"] = inputs["query"];
  EXPECT_THROW(run_forward(location, inputs), Error);
}

TEST(AsInput, numbers_of_any_width_become_those_that_executors_take) {
  EXPECT_EQ(as_input("x", Tensor(DType::kF64, {2, 3})).dtype(), DType::kF32);
  EXPECT_EQ(as_input("x", Tensor(DType::kF16, {2})).dtype(), DType::kF32);
  EXPECT_EQ(as_input("tokens", Tensor(DType::kI32, {2})).dtype(), DType::kI64);
  EXPECT_EQ(as_input("mask", Tensor(DType::kBool, {2})).dtype(), DType::kBool);
  EXPECT_EQ(as_input("x", Tensor(DType::kF32, {2, 3})).shape(), (Shape{2, 3}));
  EXPECT_EQ(as_input("eeg_data", Tensor(DType::kF64, {2, 3})).shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(as_input("eeg_data", Tensor(DType::kF32, {4, 2, 3})).shape(), (Shape{4, 2, 3}));
}

}  // namespace
}  // namespace nest::graph
