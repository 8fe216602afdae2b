#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/decode/model_recognizer.h"
#include "nest/graph/factory.h"
#include "nest/nn/executor.h"
#include "nest/runtime/executor.h"

namespace nest::nn {
namespace {

constexpr std::int64_t kChannels = 4;

struct DecoderCase {
  const char* name;
  const char* key;
  const char* decoder;
};
const DecoderCase kDecoders[] = {
    {"transducer", "nest_rnn_t",
     "decoder: {vocab_size: 9, embedding_dim: 6, hidden_dim: 16, num_layers: 2}\n"
     "joint: {joint_dim: 16}\n"},
    {"additive", "nest_attention",
     "decoder: {vocab_size: 9, embedding_dim: 6, hidden_dim: 16, attention_type: additive}\n"},
    {"multiplicative", "nest_attention",
     "decoder: {vocab_size: 9, embedding_dim: 6, hidden_dim: 16, attention_type: "
     "multiplicative}\n"},
    {"location_aware", "nest_attention",
     "decoder: {vocab_size: 9, embedding_dim: 6, hidden_dim: 16, attention_type: "
     "location_aware}\n"},
};

graph::Model make_model(const DecoderCase& item) {
  const std::string text =
      "spatial_cnn: {type: DeepConvNet, n_channels: 4, n_filters: 4, pool_size: 2}\n"
      "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1, bidirectional: true}\n" +
      std::string(item.decoder);
  graph::Model model = graph::build_model(item.key, Config::parse(text));
  Rng rng(31);
  graph::initialize_weights(model, rng);
  // Larger weights than a fresh model has, so that the tokens vary.
  for (auto& [name, tensor] : model.weights) {
    if (tensor.dtype() != DType::kF32 || name.find("running_var") != std::string::npos) continue;
    for (float& value : tensor.mutable_data<float>()) value *= 2;
  }
  model.signal.rate_hz = 100;
  return model;
}

std::vector<Tensor> signals() {
  std::vector<Tensor> all;
  Rng rng(5);
  for (const std::int64_t samples : {220, 160, 220}) {
    Tensor x(DType::kF32, {kChannels, samples});
    for (float& value : x.mutable_data<float>()) value = static_cast<float>(rng.normal());
    all.push_back(std::move(x));
  }
  return all;
}

class EveryDecoder : public testing::TestWithParam<DecoderCase> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryDecoder, testing::ValuesIn(kDecoders),
                         [](const auto& info) { return info.param.name; });

std::vector<decode::Recognition> recognize(graph::Executor& executor, int beam_size) {
  decode::DecodeOptions options;
  options.beam_size = beam_size;
  options.max_length = 12;
  return decode::ModelRecognizer(executor, options).recognize(signals());
}

TEST_P(EveryDecoder, native_steps_decode_what_torch_steps_decode) {
  const graph::Model model = make_model(GetParam());
  TorchExecutor torch(model, {});
  runtime::NativeExecutor native(runtime::prepare(model));
  for (const int beam_size : {1, 4}) {
    const auto want = recognize(torch, beam_size), got = recognize(native, beam_size);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got[i].tokens, want[i].tokens) << "beam " << beam_size << ", signal " << i;
      ASSERT_FALSE(want[i].nbest.empty());
      const double score = want[i].nbest.front().score;
      EXPECT_NEAR(got[i].nbest.front().score, score, 1e-4 * (1 + std::fabs(score)));
    }
  }
}

TEST_P(EveryDecoder, every_precision_decodes_each_signal_as_it_does_alone) {
  for (const char* precision : {"fp32", "fp16", "bf16", "int8", "int4"}) {
    graph::Model model = make_model(GetParam());
    model.quantization.precision = from_name<graph::Precision>(precision);
    runtime::NativeExecutor native(runtime::prepare(std::move(model)));
    decode::DecodeOptions decoding;
    decoding.beam_size = 3;
    decoding.max_length = 12;
    decode::ModelRecognizer recognizer(native, decoding);
    const auto all = signals();
    const auto together = recognizer.recognize(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto alone = recognizer.recognize(std::span(&all[i], 1)).front();
      EXPECT_EQ(alone.tokens, together[i].tokens) << precision << ", signal " << i;
      EXPECT_EQ(alone.nbest.front().score, together[i].nbest.front().score) << precision;
    }
  }
}

}  // namespace
}  // namespace nest::nn
