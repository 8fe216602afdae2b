#include "signal/kernels/kernels.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "nest/core/rng.h"
#include "nest/signal/design.h"

namespace nest::signal {
namespace {

// Aligned block of normal numbers: 6 groups, so that every kernel runs full and left-over vectors.
struct Block {
  static constexpr int kGroups = 6;
  static constexpr int kSamples = 37;
  explicit Block(std::uint64_t seed) : storage(kGroups * kSamples * kGroup + 8) {
    auto address = reinterpret_cast<std::uintptr_t>(storage.data());
    data = storage.data() + (64 - address % 64) % 64 / sizeof(double);
    Rng rng(seed);
    for (int i = 0; i < kGroups * kSamples * kGroup; ++i) data[i] = rng.normal();
  }
  BlockView view() { return {data, kSamples * kGroup, kGroups, kSamples}; }
  std::vector<double> values() const { return {data, data + kGroups * kSamples * kGroup}; }

  std::vector<double> storage;
  double* data;
};

class KernelsOfIsa : public ::testing::TestWithParam<Isa> {
 protected:
  const Kernels& tested() { return kernels_for(GetParam()); }
  const Kernels& plain() { return kernels_for(Isa::kGeneric); }
};

TEST_P(KernelsOfIsa, sections_give_the_generic_bits) {
  Sos sos = design_butterworth(4, BandKind::kBandpass, {0.5, 40.0}, 500.0);
  sos.push_back(design_notch(50, 30, 500));
  Block a(1), b(1), state_a(2), state_b(2);
  tested().sos(sos.data(), 5, state_a.data, a.view());
  plain().sos(sos.data(), 5, state_b.data, b.view());
  EXPECT_EQ(a.values(), b.values());
  EXPECT_EQ(state_a.values(), state_b.values());
}

TEST_P(KernelsOfIsa, mean_blend_and_affine_give_the_generic_bits) {
  Block a(3), b(3), weights(4), add(5);
  std::vector<double> mean_a(Block::kSamples), mean_b(Block::kSamples);
  tested().mean(a.view(), weights.data, 1.0 / 47, mean_a.data());
  plain().mean(b.view(), weights.data, 1.0 / 47, mean_b.data());
  EXPECT_EQ(mean_a, mean_b);
  tested().blend(a.view(), weights.data, add.data, mean_a.data());
  plain().blend(b.view(), weights.data, add.data, mean_b.data());
  EXPECT_EQ(a.values(), b.values());
  tested().affine(a.view(), weights.data, add.data);
  plain().affine(b.view(), weights.data, add.data);
  EXPECT_EQ(a.values(), b.values());
}

TEST_P(KernelsOfIsa, running_normalisation_gives_the_generic_bits) {
  Block a(6), b(6), mean_a(7), mean_b(7), variance_a(8), variance_b(8);
  for (int i = 0; i < Block::kGroups * kGroup; ++i) {
    variance_a.data[i] = std::abs(variance_a.data[i]);
    variance_b.data[i] = std::abs(variance_b.data[i]);
  }
  const std::vector<double> alpha(Block::kSamples, 0.03);
  tested().running(a.view(), alpha.data(), mean_a.data, variance_a.data, 1e-3);
  plain().running(b.view(), alpha.data(), mean_b.data, variance_b.data, 1e-3);
  EXPECT_EQ(a.values(), b.values());
  EXPECT_EQ(mean_a.values(), mean_b.values());
  EXPECT_EQ(variance_a.values(), variance_b.values());
}

TEST_P(KernelsOfIsa, fir_gives_the_generic_bits) {
  Block in(9), taps(10), a(11), b(11);
  const double* newest = in.data + 30 * kGroup;
  const std::ptrdiff_t stride = Block::kSamples * kGroup;
  tested().fir(taps.data, 25, newest, stride, Block::kGroups, a.data, stride);
  plain().fir(taps.data, 25, newest, stride, Block::kGroups, b.data, stride);
  EXPECT_EQ(a.values(), b.values());
}

TEST_P(KernelsOfIsa, loads_and_stores_round_trip_for_any_number_of_lanes_and_samples) {
  for (int lanes = 1; lanes <= kGroup; ++lanes) {
    for (const int samples : {1, 2, 3, 4, 5, 8, 21}) {
      Rng rng(12);
      std::vector<float> rows(static_cast<std::size_t>(kGroup * 23));
      for (float& value : rows) value = static_cast<float>(rng.normal());
      const std::vector<double> wide(rows.begin(), rows.end());
      Block block(13), block_wide(14);
      tested().load_f32(rows.data(), 23, lanes, samples, block.data);
      tested().load_f64(wide.data(), 23, lanes, samples, block_wide.data);
      std::vector<float> back(rows.size());
      std::vector<double> back_wide(rows.size());
      tested().store_f32(block.data, lanes, samples, back.data(), 23);
      tested().store_f64(block_wide.data, lanes, samples, back_wide.data(), 23);
      for (int c = 0; c < kGroup; ++c) {
        for (int t = 0; t < 23; ++t) {
          const auto i = static_cast<std::size_t>(c * 23 + t);
          const bool written = c < lanes && t < samples;
          EXPECT_EQ(back[i], written ? rows[i] : 0.0f);
          EXPECT_EQ(back_wide[i], written ? wide[i] : 0.0);
          if (t < samples) {
            EXPECT_EQ(block.data[t * kGroup + c], c < lanes ? wide[i] : 0.0);
            EXPECT_EQ(block_wide.data[t * kGroup + c], c < lanes ? wide[i] : 0.0);
          }
        }
      }
    }
  }
}

TEST_P(KernelsOfIsa, one_value_that_is_not_finite_is_found_anywhere) {
  Block block(15);
  EXPECT_TRUE(tested().all_finite(block.view()));
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    for (int i = 0; i < Block::kGroups * Block::kSamples * kGroup; i += 61) {
      const double good = block.data[i];
      block.data[i] = bad;
      EXPECT_FALSE(tested().all_finite(block.view())) << i;
      block.data[i] = good;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, KernelsOfIsa, ::testing::ValuesIn(isa_available()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

}  // namespace
}  // namespace nest::signal
