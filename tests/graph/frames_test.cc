#include "nest/graph/frames.h"

#include <ostream>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/runtime/executor.h"

namespace nest::graph {
namespace {

constexpr std::int64_t kChannels = 3;

struct EncoderCase {
  std::string name;
  std::string front_end;
  std::string encoder;
  bool is_causal = false;
};
void PrintTo(const EncoderCase& item, std::ostream* out) {
  *out << item.name;
}

/// Every front end with every encoder of the factory, causal and not.
std::vector<EncoderCase> encoder_cases() {
  const std::map<std::string, std::string> fronts{
      {"eegnet", "{type: EEGNet, sampling_rate: 32, n_pointwise_filters: 4}"},
      {"spatial_cnn", "{type: SpatialCNN, temporal_kernel_size: 9, pool_size: 3}"},
      {"deepconvnet", "{type: DeepConvNet, n_filters: 2, pool_size: 2}"},
      {"filter_bank",
       "{type: FilterBank, sampling_rate: 64, frequencies_hz: [8, 11.5], kernel_size: 27, stride: "
       "4, pool_size: 3, n_spatial_filters: 4}"}};
  const std::string attention = ", d_model: 8, nhead: 2, num_layers: 1, dim_feedforward: 8, ";
  const std::map<std::string, std::string> encoders{
      {"lstm", "{type: LSTM, hidden_dim: 3}"},
      {"gru_forward", "{type: GRU, hidden_dim: 3, bidirectional: false}"},
      {"transformer", "{type: Transformer" + attention + "attention_left: -1}"},
      {"transformer_left", "{type: Transformer" + attention + "attention_left: 2}"},
      {"transformer_chunks",
       "{type: Transformer" + attention + "attention_chunk: 2, attention_left_chunks: 1}"},
      {"conformer_left",
       "{type: Conformer" + attention + "attention_left: 1, conv_kernel_size: 5}"}};
  std::vector<EncoderCase> cases;
  for (const auto& [front, front_text] : fronts) {
    for (const auto& [encoder, encoder_text] : encoders) {
      for (const bool is_causal : {false, true}) {
        cases.push_back({front + "_" + encoder + (is_causal ? "_causal" : ""), front_text,
                         encoder_text, is_causal});
      }
    }
  }
  return cases;
}

Model make_encoder(const EncoderCase& item) {
  const std::string text = std::string(item.is_causal ? "causal: true\n" : "") +
                           "n_channels: 3\nspatial_cnn: " + item.front_end +
                           "\ntemporal_encoder: " + item.encoder + "\ndecoder: {vocab_size: 5}\n";
  Model model = build_model("nest_ctc", Config::parse(text, item.name));
  Rng rng(3);
  initialize_weights(model, rng);
  return model;
}

Tensor random_signal(std::int64_t samples) {
  Tensor signal(DType::kF32, {1, kChannels, samples});
  Rng rng(9);
  for (float& x : signal.mutable_data<float>()) x = static_cast<float>(rng.normal());
  return signal;
}

class EveryEncoder : public testing::TestWithParam<EncoderCase> {
 protected:
  EveryEncoder() : model_(make_encoder(GetParam())), executor_(runtime::prepare(model_)) {}

  Tensor run(const Tensor& signal, std::string_view output = "encoder_output") {
    return executor_.run("encoder", {{"eeg_data", signal}}).find(output)->second;
  }

  Model model_;
  runtime::NativeExecutor executor_;
};
INSTANTIATE_TEST_SUITE_P(Factory, EveryEncoder, testing::ValuesIn(encoder_cases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryEncoder, frames_are_those_that_really_come_out) {
  const std::int64_t least = min_samples(model_);
  EXPECT_EQ(num_frames(model_, least - 1), 0);
  EXPECT_EQ(num_frames(model_, 0), 0);
  EXPECT_THROW(run(random_signal(least - 1)), Error);
  Rng rng(5);
  for (int i = 0; i < 6; ++i) {
    const std::int64_t samples = least + static_cast<std::int64_t>(rng.below(200)) * (i > 0);
    EXPECT_EQ(run(random_signal(samples)).dim(1), num_frames(model_, samples)) << samples;
  }
}

TEST_P(EveryEncoder, a_frame_more_takes_its_samples_more_and_the_shortest_signal_is_shortest) {
  const std::int64_t least = min_samples(model_), period = samples_per_frame(model_);
  for (std::int64_t samples = least; samples < least + 70; ++samples) {
    EXPECT_EQ(num_frames(model_, samples + period), num_frames(model_, samples) + 1) << samples;
  }
  for (const std::int64_t frames : {1, 2, 3, 50}) {
    EXPECT_EQ(num_frames(model_, min_samples(model_, frames)), frames);
    EXPECT_LT(num_frames(model_, min_samples(model_, frames) - 1), frames);
  }
}

/// Frames of `output` that another value of one sample changes.
std::vector<bool> changed_frames(const Tensor& a, const Tensor& b, int time_axis) {
  const std::int64_t frames = a.dim(time_axis), features = a.dim(3 - time_axis);
  std::vector<bool> changed(static_cast<std::size_t>(frames), false);
  for (std::int64_t t = 0; t < frames; ++t) {
    for (std::int64_t d = 0; d < features; ++d) {
      const std::int64_t i = time_axis == 1 ? t * features + d : d * frames + t;
      const auto at = static_cast<std::size_t>(i);
      if (a.data<float>()[at] != b.data<float>()[at]) changed[static_cast<std::size_t>(t)] = true;
    }
  }
  return changed;
}

TEST_P(EveryEncoder, a_sample_reaches_the_frames_whose_span_holds_it_and_no_others) {
  const std::int64_t samples = min_samples(model_, 7) + 1;
  const Tensor signal = random_signal(samples);
  for (const auto& [output, axis] : {std::pair{"spatial_features", 2}, {"encoder_output", 1}}) {
    const FrameSpan span = frame_span(model_.graph("encoder"), output);
    const Tensor before = run(signal, output);
    std::vector<bool> is_reached(static_cast<std::size_t>(before.dim(axis)), false);
    for (std::int64_t s = 0; s < samples; s += 1 + samples / 40) {
      Tensor other = signal.clone();
      for (std::int64_t c = 0; c < kChannels; ++c) {
        other.mutable_data<float>()[static_cast<std::size_t>(c * samples + s)] += 50.0F;
      }
      const auto changed = changed_frames(before, run(other, output), axis);
      for (std::int64_t k = 0; k < before.dim(axis); ++k) {
        const bool is_before = s < k * span.samples + span.begin;
        const bool is_after = s >= k * span.samples + span.end;
        const bool may_change =
            (!is_before || span.sees_all_before) && (!is_after || span.sees_all_after);
        const bool is_changed = changed[static_cast<std::size_t>(k)];
        EXPECT_TRUE(may_change || !is_changed) << output << " frame " << k << " sample " << s;
        if (!is_before && !is_after)
          is_reached[static_cast<std::size_t>(k)] =
              is_reached[static_cast<std::size_t>(k)] || is_changed;
      }
    }
    EXPECT_EQ(is_reached, std::vector<bool>(is_reached.size(), true)) << output;
  }
}

TEST(FrameSpan, is_as_wide_as_the_layers_make_it) {
  // 16 taps (8 zeros before), pooled by 4, 16 taps (8 before), pooled by 8.
  const Model eegnet =
      make_encoder({"", "{type: EEGNet, sampling_rate: 32, n_pointwise_filters: 4}",
                    "{type: LSTM, hidden_dim: 3}"});
  const FrameSpan features = frame_span(eegnet.graph("encoder"), "spatial_features");
  EXPECT_EQ(features, (FrameSpan{32, -8 - 8 * 4, -8 + 16 + 3 + (-8 + 15) * 4 + 7 * 4}));
  const FrameSpan frames = frame_span(eegnet);
  EXPECT_TRUE(frames.sees_all_before);
  EXPECT_TRUE(frames.sees_all_after);
  EXPECT_EQ(samples_per_frame(eegnet), 32);
}

TEST(FrameSpan, of_a_model_without_encoder_or_an_output_without_time_is_an_error) {
  const Model language = build_model(
      "nest_lm", Config::parse("{vocab_size: 7, embedding_dim: 3, hidden_dim: 4, num_layers: 1}"));
  EXPECT_THROW(frame_span(language), Error);
  EXPECT_THROW(num_frames(language.graph("lm"), "log_probs", 5), Error);
}

}  // namespace
}  // namespace nest::graph
