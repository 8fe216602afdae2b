#include "nest/stream/pipeline.h"

#include <fstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/decode/model_recognizer.h"
#include "nest/decode/ngram_train.h"
#include "nest/graph/factory.h"
#include "nest/graph/streaming.h"
#include "nest/runtime/executor.h"
#include "nest/signal/preprocess.h"
#include "nest/text/character_tokenizer.h"
#include "tests/stream/tiny.h"
#include "tests/support/temp_dir.h"

namespace nest::stream {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kPipelineChannels = 4;

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
  std::vector<float> values(static_cast<std::size_t>(kPipelineChannels * samples));
  for (float& value : values) value = static_cast<float>(10 * rng.normal());
  return values;
}

recognize::Bundle bundle_of(graph::Model model) {
  return recognize::make_bundle(recognize::make_runnable(runtime::prepare(std::move(model))));
}

/// One segment, however long.
StreamConfig uncut(StreamConfig config) {
  config.endpoint = {.trailing_silence_s = 0, .max_segment_s = 0};
  return config;
}

struct Result {
  std::vector<std::vector<decode::TokenId>> committed;  // after each hop
  std::vector<decode::TokenId> last;
};

/// Streams the signal in chunks of the given sizes, over and over.
Result run(const graph::Model& model, const std::vector<float>& signal,
           const std::vector<std::int64_t>& chunks, const decode::DecodeOptions& decoding = {},
           const StreamConfig& config = {.window_s = 4, .hop_s = 1, .lookahead_s = 0.5}) {
  tiny::TickingClock clock;
  const recognize::Bundle bundle = bundle_of(model);
  StreamingInference pipeline(bundle, uncut(config), decoding, clock);
  Result result;
  const auto sink = [&](const StreamEvent& event) {
    result.committed.emplace_back(event.committed.begin(), event.committed.end());
  };
  const auto samples = static_cast<std::int64_t>(signal.size()) / kPipelineChannels;
  const signal::SignalView<const float> all(signal.data(), kPipelineChannels, samples);
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
  tiny::TickingClock clock;
  const auto model = ctc_model();
  const recognize::Bundle bundle = bundle_of(model);
  StreamConfig config{.window_s = 4, .hop_s = 1, .lookahead_s = 0.5};
  StreamingInference pipeline(bundle, config, {}, clock);
  const auto signal = noise(64 * 10);
  const signal::SignalView<const float> all(signal.data(), kPipelineChannels, 64 * 10);
  int events = 0;
  const auto sink = [&](const StreamEvent& event) { events += event.is_hop() ? 1 : 0; };
  pipeline.push(all.slice(0, 64 * 5), 0, 0, sink);
  EXPECT_EQ(events, 2);
  pipeline.push(all.slice(64 * 5, 64 * 3), 0, 40, sink);
  EXPECT_EQ(events, 2);  // a new window has not filled yet
  EXPECT_EQ(pipeline.gaps(), 1);
  config.faults.gap = GapPolicy::kStop;
  StreamingInference strict(bundle, config, {}, clock);
  EXPECT_THROW(strict.push(all, 0, 1, sink), Error);
}

/// The tokens of nothing but the whole filtered signal, encoded at once and decoded at once.
std::vector<decode::TokenId> whole_signal_tokens(const graph::Model& model,
                                                 const std::vector<float>& signal) {
  const auto samples = static_cast<std::int64_t>(signal.size()) / kPipelineChannels;
  signal::OnlinePreprocessorOptions options;
  options.channels = kPipelineChannels;
  options.rate_hz = model.signal.rate_hz;
  options.bandpass_hz = model.signal.bandpass_hz;
  options.order = model.signal.bandpass_order;
  options.start = signal::Start::kSteady;
  Tensor eeg(DType::kF32, {1, kPipelineChannels, samples});
  signal::OnlinePreprocessor(options).process(
      signal::SignalView<const float>(signal.data(), kPipelineChannels, samples),
      signal::SignalView<float>(eeg.mutable_data<float>().data(), kPipelineChannels, samples));
  runtime::NativeExecutor executor(runtime::prepare(model));
  decode::ModelRecognizer recognizer(executor, {});
  const Tensor flat = eeg.reshaped({kPipelineChannels, samples});
  return recognizer.recognize(std::span(&flat, 1)).front().tokens;
}

graph::Model causal(graph::Model model) {
  graph::add_streaming_step(model);
  return model;
}

graph::Model causal_ctc_model() {
  return causal(random_model("nest_ctc", "causal: true\ndecoder: {vocab_size: 6}\n"));
}
graph::Model causal_transducer_model() {
  return causal(random_model(
      "nest_rnn_t",
      "causal: true\ndecoder: {vocab_size: 6, embedding_dim: 4, hidden_dim: 8, num_layers: 1, "
      "dropout: 0.0}\njoint: {joint_dim: 8}\n"));
}

TEST(StreamingInference, causal_models_stream_the_tokens_of_the_whole_signal) {
  const auto signal = noise(64 * 20 + 45, 6);
  for (const graph::Model& model : {causal_ctc_model(), causal_transducer_model()}) {
    ASSERT_TRUE(model.graphs.contains("encoder_step"));
    const auto want = whole_signal_tokens(model, signal);
    ASSERT_FALSE(want.empty());
    for (const double hop_s : {0.5, 2.0}) {
      for (const std::vector<std::int64_t>& chunks :
           {std::vector<std::int64_t>{1}, {7}, {100, 3, 250}, {5000}}) {
        EXPECT_EQ(run(model, signal, chunks, {}, {.hop_s = hop_s}).last, want);
      }
    }
  }
}

TEST(StreamingInference, the_mode_follows_the_model_and_the_flags) {
  tiny::TickingClock clock;
  const auto describe = [&](graph::Model model, const StreamConfig& config) {
    if (graph::is_streamable(model)) graph::add_streaming_step(model);
    return StreamingInference(bundle_of(std::move(model)), config, {}, clock).describe();
  };
  const auto causal_model = [] {
    return random_model("nest_ctc", "causal: true\ndecoder: {vocab_size: 6}\n");
  };
  EXPECT_THAT(describe(causal_model(), {}), HasSubstr("incremental, hop 32 samples (1 frames)"));
  EXPECT_THAT(describe(causal_model(), {.window_s = 4}), HasSubstr("window 256 samples"));
  EXPECT_THAT(describe(causal_model(), {.mode = StreamMode::kWindowed}),
              HasSubstr("window 256 samples"));
  graph::Model per_window = causal_model();
  per_window.signal.normalization = graph::Normalization::kZscore;
  EXPECT_THAT(describe(per_window, {}), HasSubstr("window 256 samples"));
  EXPECT_THROW(describe(per_window, {.mode = StreamMode::kIncremental}), Error);
  EXPECT_THAT(describe(ctc_model(), {}), HasSubstr("window 256 samples"));
  EXPECT_THROW(describe(ctc_model(), {.mode = StreamMode::kIncremental}), Error);
}

TEST(StreamingInference, a_hop_that_nobody_stated_is_the_nearest_that_fits) {
  tiny::TickingClock clock;
  const auto hop_of = [&](double rate_hz, double contract_hop_s) {
    graph::Model model = ctc_model();
    model.signal.rate_hz = rate_hz;
    model.signal.hop_s = contract_hop_s;
    return StreamingInference(bundle_of(std::move(model)), {}, {}, clock).describe();
  };
  EXPECT_THAT(hop_of(100, 0), HasSubstr("hop 64 ("));     // 50 samples of 32 a frame
  EXPECT_THAT(hop_of(90, 0), HasSubstr("hop 32 ("));      // 45
  EXPECT_THAT(hop_of(64, 1.02), HasSubstr("hop 64 ("));   // 65
  EXPECT_THAT(hop_of(64, 0.001), HasSubstr("hop 32 ("));  // at least one frame
}

TEST(StreamingInference, causal_models_start_anew_after_a_gap) {
  tiny::TickingClock clock;
  const graph::Model model = causal_ctc_model();
  const auto signal = noise(64 * 8, 12);
  const signal::SignalView<const float> all(signal.data(), kPipelineChannels, 64 * 8);
  const recognize::Bundle bundle = bundle_of(model);
  StreamingInference pipeline(bundle, uncut({.hop_s = 0.5}), {}, clock);
  std::size_t before = 0;
  std::vector<decode::TokenId> last;
  const auto sink = [&](const StreamEvent& event) {
    if (event.fault == nullptr) last.assign(event.committed.begin(), event.committed.end());
  };
  pipeline.push(all.slice(0, 64 * 4), 0, 0, sink);
  before = last.size();
  pipeline.push(all.slice(64 * 4, 64 * 4), 0, 10, sink);
  pipeline.finish(sink);
  EXPECT_EQ(pipeline.gaps(), 1);
  std::vector<float> tail;
  for (std::int64_t c = 0; c < kPipelineChannels; ++c) {
    const float* row = all.row(c) + 64 * 4;
    tail.insert(tail.end(), row, row + 64 * 4);
  }
  const auto alone = run(model, tail, {64}, {}, {.hop_s = 0.5}).last;
  ASSERT_FALSE(alone.empty());
  // The decoder goes on, so a token that ends the first part may be continued by the second.
  const std::vector<decode::TokenId> second(last.begin() + static_cast<std::ptrdiff_t>(before),
                                            last.end());
  EXPECT_GE(alone.size(), second.size());
  EXPECT_TRUE(std::equal(second.rbegin(), second.rend(), alone.rbegin()));
}

TEST(StreamingInference, weights_and_language_models_of_many_streams_are_the_bundles) {
  const test::TempDir dir;
  const std::string lm = (dir / "lm.arpa").string();
  decode::NGramTrainer trainer({.order = 2});
  trainer.add_sentence({"a", "b"});
  {
    std::ofstream out(lm);
    trainer.write_arpa(out);
  }
  graph::Model model = ctc_model();
  model.vocabulary.tokenizer =
      text::CharacterTokenizer::train(std::vector<std::string>{"ab"}, {})->to_json();
  const recognize::Bundle bundle = bundle_of(std::move(model));
  decode::DecodeOptions decoding;
  decoding.beam_size = 3;
  decoding.lm = lm;
  decoding.lm_unit = decode::LmUnit::kChar;
  tiny::TickingClock clock;
  const std::size_t packed = bundle.runnable.prepared->weight_bytes();
  const StreamingInference first(bundle, {.window_s = 4, .hop_s = 1}, decoding, clock);
  std::filesystem::remove(lm);  // whoever read it again would fail
  const StreamingInference second(bundle, {.window_s = 4, .hop_s = 1}, decoding, clock);
  EXPECT_EQ(bundle.languages->files_read(), 1u);
  EXPECT_EQ(bundle.runnable.prepared->weight_bytes(), packed);
  decode::DecodeOptions rescoring;
  rescoring.beam_size = rescoring.nbest = 3;
  rescoring.rescore_lm = lm;
  EXPECT_THROW(StreamingInference(bundle, {.window_s = 4, .hop_s = 1}, rescoring, clock), Error);
}

TEST(StreamingInference, impossible_geometry_and_attention_models_are_refused) {
  tiny::TickingClock clock;
  const recognize::Bundle bundle = bundle_of(ctc_model());
  const auto make = [&](const StreamConfig& config) {
    StreamingInference(bundle, config, {}, clock);
  };
  EXPECT_THROW(make({.window_s = 4, .hop_s = 0.3}), Error);
  EXPECT_THROW(make({.window_s = 0.1, .hop_s = 1}), Error);
  EXPECT_THROW(make({.window_s = 2, .hop_s = 1, .lookahead_s = 2}), Error);
  const recognize::Bundle attention = bundle_of(
      random_model("nest_attention",
                   "decoder: {vocab_size: 6, embedding_dim: 4, hidden_dim: 8, dropout: 0.0}\n"));
  EXPECT_THROW(StreamingInference(attention, {}, {}, clock), Error);
}

}  // namespace
}  // namespace nest::stream
