#include "nest/train/batch.h"

#include <set>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/nn/tensor.h"
#include "nest/train/augment.h"
#include "toy.h"

namespace nest::train {
namespace {

PlanOptions plan_options() {
  return {.batch_size = 4, .bucket_batches = 3, .seed = 9, .augment = {}};
}

std::vector<std::size_t> flat(const std::vector<std::vector<PlanItem>>& plan) {
  std::vector<std::size_t> all;
  for (const auto& batch : plan) {
    for (const PlanItem& item : batch) all.push_back(item.parts.at(0));
  }
  return all;
}

TEST(Plan, visits_every_example_once_in_an_order_of_its_own_each_epoch) {
  const MemorySource source(toy_examples(41));
  const std::vector<std::size_t> first = flat(plan_epoch(source, plan_options(), 0));
  EXPECT_EQ(std::set<std::size_t>(first.begin(), first.end()).size(), 41U);
  EXPECT_EQ(first.size(), 41U);
  EXPECT_EQ(first, flat(plan_epoch(source, plan_options(), 0)));
  EXPECT_NE(first, flat(plan_epoch(source, plan_options(), 1)));
}

std::int64_t padding(const std::vector<std::vector<PlanItem>>& plan) {
  std::int64_t wasted = 0;
  for (const auto& batch : plan) {
    std::int64_t longest = 0;
    for (const PlanItem& item : batch) longest = std::max(longest, item.num_samples);
    for (const PlanItem& item : batch) wasted += longest - item.num_samples;
  }
  return wasted;
}

TEST(Plan, buckets_pad_less_than_a_plain_shuffle) {
  const MemorySource source(toy_examples(120));
  PlanOptions plain = plan_options();
  plain.bucket_batches = 0;
  EXPECT_LT(padding(plan_epoch(source, plan_options(), 0)),
            padding(plan_epoch(source, plain, 0)) / 2);
}

std::size_t longest_join(const Source& source, const PlanOptions& options, std::int64_t epoch) {
  std::size_t longest = 0;
  for (const auto& batch : plan_epoch(source, options, epoch)) {
    for (const PlanItem& item : batch) longest = std::max(longest, item.parts.size());
  }
  return longest;
}

TEST(Plan, joins_grow_from_single_trials_over_the_ramp) {
  const MemorySource source(toy_examples(60));
  PlanOptions options = plan_options();
  options.augment.join = 1;
  options.augment.join_most = 5;
  options.augment.join_ramp = 8;
  EXPECT_EQ(longest_join(source, options, 0), 1U);
  EXPECT_EQ(longest_join(source, options, 2), 2U);
  EXPECT_EQ(longest_join(source, options, 4), 3U);
  EXPECT_EQ(longest_join(source, options, 8), 5U);
}

/// A source whose signals still have to be normalised.
class RawSource : public MemorySource {
 public:
  using MemorySource::MemorySource;
  signal::WindowNormOptions window_norm() const override {
    return {.kind = signal::WindowNorm::kZscore};
  }
};

TEST(LoadItem, joined_trials_are_normalised_as_one_signal) {
  const RawSource source(toy_examples(4));
  const MemorySource plain(toy_examples(4));
  const PlanItem item{{1, 2}, 0};
  Tensor expected = load_item(plain, item, {}, nullptr).signal.clone();
  signal::normalize_window({.kind = signal::WindowNorm::kZscore}, expected.mutable_data<float>(),
                           expected.dim(0));
  EXPECT_TRUE(bit_equal(load_item(source, item, {}, nullptr).signal, expected));
  const MemorySource kept(static_cast<const Source&>(source));
  EXPECT_TRUE(bit_equal(load_item(kept, item, {}, nullptr).signal, expected));
}

TEST(Plan, joins_trials_of_one_subject_only) {
  const MemorySource source(toy_examples(30));
  PlanOptions options = plan_options();
  options.augment.join = 1;
  options.augment.join_most = 3;
  for (const auto& batch : plan_epoch(source, options, 0)) {
    for (const PlanItem& item : batch) {
      ASSERT_GE(item.parts.size(), 2U);
      ASSERT_LE(item.parts.size(), 3U);
      const Example joined = load_item(source, item, {}, nullptr);
      EXPECT_EQ(joined.signal.dim(1), item.num_samples);
      EXPECT_EQ(joined.tokens.size(), joined.text.size());
      for (const std::size_t part : item.parts) {
        EXPECT_EQ(source.subject(part), source.subject(item.parts[0]));
      }
    }
  }
}

TEST(Batch, pads_with_zeros_and_keeps_the_lengths) {
  const std::vector<Example> examples = toy_examples(5);
  const Batch batch = make_batch(examples);
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const Example& example = examples[static_cast<std::size_t>(b)];
    const std::int64_t length = batch.lengths[b].item<std::int64_t>();
    ASSERT_EQ(length, example.signal.dim(1));
    EXPECT_TRUE(torch::equal(batch.signal[b].slice(1, 0, length), nn::to_torch(example.signal)));
    EXPECT_EQ(batch.signal[b].slice(1, length).abs().sum().item<float>(), 0);
  }
}

Tensor ramp(std::int64_t channels, std::int64_t samples) {
  Tensor x(DType::kF32, {channels, samples});
  float value = 0;
  for (float& v : x.mutable_data<float>()) v = ++value;
  return x;
}

TEST(Augment, shift_moves_samples_and_lets_zeros_in) {
  const Tensor x = ramp(1, 6);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    const Tensor y = shift_time(x, 2, rng);
    const auto v = y.data<float>();
    const std::int64_t shift = v[2] == 0 ? 3 : 3 - static_cast<std::int64_t>(v[2]);
    ASSERT_LE(std::abs(shift), 2);
    for (std::int64_t t = 0; t < 6; ++t) {
      const std::int64_t from = t - shift;
      EXPECT_EQ(v[static_cast<std::size_t>(t)],
                from >= 0 && from < 6 ? static_cast<float>(from + 1) : 0.0F);
    }
  }
}

TEST(Augment, every_change_is_repeatable_and_leaves_its_input_alone) {
  const Tensor x = ramp(3, 64);
  const Tensor kept = x.clone();
  const data::AugmentOptions all{.noise = 0.2,
                                 .shift_samples = 4,
                                 .channel_dropout = 0.3,
                                 .amplitude = 0.2,
                                 .time_mask = 0.2,
                                 .frequency_mask = 0.2};
  Rng a(1);
  Rng b(1);
  Rng c(2);
  const Tensor first = augment(x, all, a);
  EXPECT_TRUE(bit_equal(first, augment(x, all, b)));
  EXPECT_FALSE(bit_equal(first, augment(x, all, c)));
  EXPECT_TRUE(bit_equal(x, kept));
}

TEST(Augment, channel_dropout_never_silences_every_channel) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    const torch::Tensor y = nn::to_torch(drop_channels(ramp(3, 4), 0.95, rng));
    EXPECT_GT(y.abs().sum().item<float>(), 0);
  }
}

TEST(Augment, frequency_mask_removes_a_band_and_nothing_else) {
  Rng rng(3);
  const Tensor x = ramp(2, 128);
  const torch::Tensor before = torch::fft::rfft(nn::to_torch(x)).abs();
  const torch::Tensor after = torch::fft::rfft(nn::to_torch(mask_frequency(x, 0.5, rng))).abs();
  const torch::Tensor removed = after < 1e-3 * before;
  const torch::Tensor same = (after - before).abs() <= 1e-4 * before + 1e-2;
  EXPECT_GT(removed.sum().item<std::int64_t>(), 0);
  EXPECT_TRUE(removed.logical_or(same).all().item<bool>());
}

}  // namespace
}  // namespace nest::train
