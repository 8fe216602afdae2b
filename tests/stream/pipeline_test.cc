#include "nest/stream/pipeline.h"

#include <vector>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"

namespace nest::stream {
namespace {

class FakeClock : public Clock {
 public:
  double now_s() override { return now_s_ += 1e-4; }
  bool wait_until(double) override { return true; }

 private:
  double now_s_ = 0;
};

constexpr std::int64_t kChannels = 4;

graph::Model random_model(const std::string& key, const std::string& rest) {
  const std::string text =
      "spatial_cnn: {type: EEGNet, n_channels: 4, sampling_rate: 64, n_pointwise_filters: 8}\n"
      "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1, dropout: 0.0}\n" +
      rest;
  graph::Model model = graph::build_model(key, Config::parse(text));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  // Random biases, so that the most likely token changes from frame to frame.
  for (auto& [name, tensor] : model.weights) {
    if (tensor.dtype() != DType::kF32 || name.find("running_var") != std::string::npos) continue;
    for (float& value : tensor.mutable_data<float>()) value *= 3;
  }
  model.signal.rate_hz = 64;
  model.signal.bandpass_hz = {1, 20};
  return model;
}

graph::Model ctc_model() {
  return random_model("nest_ctc", "decoder: {vocab_size: 6}\n");
}

std::vector<float> noise(std::int64_t samples, std::uint64_t seed = 1) {
  Rng rng(seed);
  std::vector<float> values(static_cast<std::size_t>(kChannels * samples));
  for (float& value : values) value = static_cast<float>(10 * rng.normal());
  return values;
}

struct Result {
  std::vector<std::vector<decode::TokenId>> committed;  // after each hop
  std::vector<decode::TokenId> last;
};

/// Streams the signal in chunks of the given sizes, over and over.
Result run(const graph::Model& model, const std::vector<float>& signal,
           const std::vector<std::int64_t>& chunks, const decode::DecodeOptions& decoding = {}) {
  FakeClock clock;
  const auto prepared = std::make_shared<const runtime::PreparedModel>(model, runtime::Options{});
  StreamingInference pipeline(prepared, {.window_s = 4, .hop_s = 1, .lookahead_s = 0.5}, decoding,
                              clock);
  Result result;
  const auto sink = [&](const StreamEvent& event) {
    result.committed.emplace_back(event.committed.begin(), event.committed.end());
  };
  const auto samples = static_cast<std::int64_t>(signal.size()) / kChannels;
  const SignalView<const float> all(signal.data(), kChannels, samples);
  std::size_t next = 0;
  for (std::int64_t at = 0; at < samples;) {
    const std::int64_t count = std::min(chunks[next++ % chunks.size()], samples - at);
    pipeline.push(all.slice(at, count), clock.now_s(), 0, sink);
    at += count;
  }
  pipeline.finish(sink);
  result.last = result.committed.back();
  return result;
}

TEST(StreamingInference, chunking_changes_nothing_and_one_push_is_the_offline_run) {
  const auto model = ctc_model();
  const auto signal = noise(64 * 20);
  const Result offline = run(model, signal, {64 * 20});
  ASSERT_FALSE(offline.last.empty());
  for (const std::vector<std::int64_t>& chunks :
       {std::vector<std::int64_t>{1}, {7}, {64}, {100, 3, 250}, {1000}}) {
    const Result streamed = run(model, signal, chunks);
    EXPECT_EQ(streamed.last, offline.last);
    EXPECT_EQ(streamed.committed, offline.committed);
  }
}

TEST(StreamingInference, committed_text_is_never_taken_back) {
  decode::DecodeOptions beam;
  beam.beam_size = 4;
  const Result result = run(ctc_model(), noise(64 * 30, 3), {33}, beam);
  for (std::size_t i = 1; i < result.committed.size(); ++i) {
    const auto& before = result.committed[i - 1];
    const auto& after = result.committed[i];
    ASSERT_GE(after.size(), before.size());
    EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
  }
}

TEST(StreamingInference, transducers_stream_too) {
  const auto model = random_model(
      "nest_rnn_t",
      "decoder: {vocab_size: 6, embedding_dim: 4, hidden_dim: 8, num_layers: 1, dropout: 0.0}\n"
      "joint: {joint_dim: 8}\n");
  const auto signal = noise(64 * 12, 9);
  EXPECT_EQ(run(model, signal, {17}).committed, run(model, signal, {64 * 12}).committed);
}

TEST(StreamingInference, a_gap_resets_filters_and_window_and_is_counted) {
  FakeClock clock;
  const auto model = ctc_model();
  const auto prepared = std::make_shared<const runtime::PreparedModel>(model, runtime::Options{});
  StreamConfig config{.window_s = 4, .hop_s = 1, .lookahead_s = 0.5};
  StreamingInference pipeline(prepared, config, {}, clock);
  const auto signal = noise(64 * 10);
  const SignalView<const float> all(signal.data(), kChannels, 64 * 10);
  int events = 0;
  const auto sink = [&](const StreamEvent&) { ++events; };
  pipeline.push(all.slice(0, 64 * 5), 0, 0, sink);
  EXPECT_EQ(events, 2);
  pipeline.push(all.slice(64 * 5, 64 * 3), 0, 40, sink);
  EXPECT_EQ(events, 2);  // a new window has not filled yet
  EXPECT_EQ(pipeline.gaps(), 1);
  config.gap_policy = "stop";
  StreamingInference strict(prepared, config, {}, clock);
  EXPECT_THROW(strict.push(all, 0, 1, sink), Error);
}

TEST(StreamingInference, impossible_geometry_and_attention_models_are_refused) {
  FakeClock clock;
  const auto prepared =
      std::make_shared<const runtime::PreparedModel>(ctc_model(), runtime::Options{});
  const auto make = [&](const StreamConfig& config) {
    StreamingInference(prepared, config, {}, clock);
  };
  EXPECT_THROW(make({.window_s = 4, .hop_s = 0.3}), Error);
  EXPECT_THROW(make({.window_s = 0.1, .hop_s = 1}), Error);
  EXPECT_THROW(make({.window_s = 2, .hop_s = 1, .lookahead_s = 2}), Error);
  const auto attention = std::make_shared<const runtime::PreparedModel>(
      random_model("nest_attention",
                   "decoder: {vocab_size: 6, embedding_dim: 4, hidden_dim: 8, dropout: 0.0}\n"),
      runtime::Options{});
  EXPECT_THROW(StreamingInference(attention, {}, {}, clock), Error);
}

}  // namespace
}  // namespace nest::stream
