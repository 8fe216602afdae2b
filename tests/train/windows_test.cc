#include "nest/train/windows.h"

#include <set>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/graph/frames.h"
#include "nest/nn/executor.h"
#include "nest/train/augment.h"
#include "nest/train/objective.h"

namespace nest::train {
namespace {

graph::Model model_at_64_hz() {
  graph::Model model = graph::build_model(
      "nest_ctc", Config::parse("spatial_cnn: {type: EEGNet, n_channels: 2, sampling_rate: 64, "
                                "n_pointwise_filters: 8, dropout: 0.0}\n"
                                "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1, "
                                "dropout: 0.0}\ndecoder: {vocab_size: 6}\n"));
  Rng rng(3);
  graph::initialize_weights(model, rng);
  model.signal.rate_hz = 64;
  model.signal.num_channels = 2;
  return model;
}

Example noise(const std::string& id, std::int64_t samples) {
  Rng rng(static_cast<std::uint64_t>(samples));
  Tensor signal(DType::kF32, {2, samples});
  for (float& value : signal.mutable_data<float>()) value = static_cast<float>(rng.normal());
  return {.id = id, .subject = "s", .signal = signal, .tokens = {1, 2}, .text = "ab"};
}

TEST(Windows, every_frame_of_an_item_comes_once_and_in_order) {
  const graph::Model model = model_at_64_hz();
  const Batch whole = make_batch({noise("long", 64 * 11), noise("short", 64 * 2)});
  const Batch cut = in_windows(whole, model, {.window_s = 4, .hop_s = 1, .lookahead_s = 0.5});
  EXPECT_EQ(cut.signal.size(2), 64 * 4);
  const std::int64_t wanted = graph::num_frames(model, 64 * 11);
  EXPECT_EQ((cut.window_frames[0] >= 0).sum().item<std::int64_t>(), wanted);
  EXPECT_EQ((cut.window_frames[1] >= 0).sum().item<std::int64_t>(),
            graph::num_frames(model, 64 * 2));
  // The samples under a frame are those of the signal at its place.
  const std::int64_t period = graph::samples_per_frame(model);
  const std::int64_t per_window = graph::num_frames(model, 64 * 4);
  for (std::int64_t f = 0; f < wanted; ++f) {
    const std::int64_t row = cut.window_frames[0][f].item<std::int64_t>();
    const torch::Tensor window = cut.signal[row / per_window];
    const std::int64_t at = row % per_window * period;
    EXPECT_EQ(window[0][at].item<float>(), whole.signal[0][0][f * period].item<float>()) << f;
  }
}

TEST(Windows, a_signal_of_one_window_is_encoded_as_a_whole_one) {
  const graph::Model model = model_at_64_hz();
  nn::TorchExecutor executor(model, {});
  const Batch whole = make_batch({noise("a", 64 * 4)});
  const Batch cut = in_windows(whole, model, {.window_s = 4, .hop_s = 1, .lookahead_s = 0.5});
  const torch::NoGradGuard no_grad;
  const CtcOutput one = run_ctc(executor, whole), other = run_ctc(executor, cut);
  EXPECT_TRUE(torch::equal(one.frames, other.frames));
  EXPECT_TRUE(torch::allclose(one.log_probs, other.log_probs));
}

TEST(Windows, one_too_short_for_its_look_ahead_is_refused) {
  const Batch whole = make_batch({noise("a", 64 * 4)});
  EXPECT_THROW(in_windows(whole, model_at_64_hz(), {.window_s = 2, .hop_s = 1, .lookahead_s = 2}),
               Error);
}

TEST(Surroundings, a_cut_keeps_the_utterance_and_some_of_its_background) {
  Tensor signal(DType::kF32, {1, 100});
  for (std::size_t t = 0; t < 100; ++t) signal.mutable_data<float>()[t] = static_cast<float>(t);
  Rng rng(1);
  std::set<float> begins;
  for (int i = 0; i < 200; ++i) {
    std::int64_t lead = 30, tail = 20;
    const Tensor cut = cut_surroundings(signal, lead, tail, rng);
    const auto values = cut.data<float>();
    EXPECT_EQ(values[static_cast<std::size_t>(lead)], 30);
    EXPECT_EQ(cut.dim(1), lead + 50 + tail);
    begins.insert(values.front());
    EXPECT_LE(values.front(), 30);
    EXPECT_GE(values.back(), 79);
    EXPECT_EQ(values.back() - values.front(), static_cast<float>(values.size() - 1));
  }
  EXPECT_TRUE(begins.contains(0) && begins.contains(30));
}

}  // namespace
}  // namespace nest::train
