// The arithmetic of graph/codes.h is that of the packed weights and of every kernel.
#include "nest/graph/codes.h"

#include <cmath>

#include <gtest/gtest.h>

#include "kernels_test_util.h"
#include "runtime/matmul.h"
#include "runtime/pack.h"

namespace nest::runtime {
namespace {

class EveryCode : public EveryIsa {};
NEST_EVERY_ISA(EveryCode);

/// Floats whose codes for `scale` are ties, saturate, vanish, or lie anywhere.
std::vector<float> awkward(std::size_t count, float scale, std::uint64_t seed) {
  std::vector<float> x = random_floats(count, seed);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = static_cast<float>(static_cast<int>(i % 261) - 130);
    if (i % 3 == 0) x[i] = (code + 0.5f) * scale;         // ties, to even
    if (i % 3 == 1) x[i] = code * scale;                  // codes, and beyond 127
    if (i % 31 == 0) x[i] = i % 2 == 0 ? 1e30f : -1e30f;  // far beyond
    if (i % 37 == 0) x[i] = std::nextafter(0.5f * scale, i % 2 == 0 ? 0.0f : 1.0f);
  }
  return x;
}

std::vector<int> codes_of(const std::vector<float>& x, const graph::ActivationRounding& rounding) {
  std::vector<int> codes;
  for (const float value : x) codes.push_back(graph::activation_code(value, rounding));
  return codes;
}

TEST_P(EveryCode, of_activations_is_the_same_for_rows_and_quads) {
  for (const float scale : {1.0f, 0.0371f, 3.1e-5f, 1e-30f}) {
    const std::vector<float> x = awkward(523, scale, 3);
    const auto rounding = graph::rounding_of_scale(scale);
    std::vector<std::uint8_t> row(x.size() + 1), quads((x.size() + 16) * 4);
    const float stands_for = kernels().quantize_row(x.data(), 523, 524, scale, row.data());
    EXPECT_EQ(stands_for, rounding.scale);
    kernels().quantize_quads(x.data(), 523, 1, 523, scale, quads.data());
    const std::vector<int> want = codes_of(x, rounding);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(row[i] - 128, want[i]) << "scale " << scale << " value " << x[i];
      ASSERT_EQ(quads[4 * i] - 128, want[i]) << "scale " << scale << " value " << x[i];
    }
    EXPECT_EQ(row[523], 128);
  }
}

TEST_P(EveryCode, of_a_row_with_its_own_scale_is_that_of_its_largest) {
  for (const float gain : {1.0f, 1e-20f, 1e-37f, 0.0f, 1e30f}) {
    std::vector<float> x = random_floats(200, 5);
    for (float& value : x) value *= gain;
    const auto rounding = graph::rounding_of_row(graph::max_abs(x.data(), 200));
    std::vector<std::uint8_t> row(200);
    EXPECT_EQ(kernels().quantize_row(x.data(), 200, 200, 0, row.data()), rounding.scale);
    const std::vector<int> want = codes_of(x, rounding);
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(row[i] - 128, want[i]) << gain;
  }
}

/// What the products of graph/codes.h say: integer sums first.
float product(const std::vector<float>& x, const graph::ActivationRounding& rounding,
              const graph::WeightCodes& w, std::int64_t row) {
  const auto k = static_cast<std::int64_t>(x.size());
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < k; ++i)
    sum += graph::activation_code(x[static_cast<std::size_t>(i)], rounding) *
           w.codes[static_cast<std::size_t>(row * k + i)];
  return static_cast<float>(sum) * (rounding.scale * w.scales[static_cast<std::size_t>(row)]);
}

TEST_P(EveryCode, of_a_matrix_makes_the_products_of_the_kernels_bit_for_bit) {
  const std::int64_t n = 70;
  for (const std::int64_t k : {std::int64_t{5}, std::int64_t{32}, std::int64_t{203}}) {
    for (const graph::LayerQuantization how :
         {graph::LayerQuantization{Precision::kInt8, Granularity::kPerChannel},
          graph::LayerQuantization{Precision::kInt8, Granularity::kPerTensor},
          graph::LayerQuantization{Precision::kInt4, Granularity::kPerBlock}}) {
      const std::vector<float> w = awkward(static_cast<std::size_t>(n * k), 0.01f, 7);
      std::vector<float> weights = w;
      for (float& value : weights) value = std::clamp(value, -2.0f, 2.0f);
      const std::vector<float> x = awkward(static_cast<std::size_t>(k), 0.02f, 9);
      WeightStore store;
      MatMul multiply;
      multiply.weight = packed_matrix(
          store, "w", how, n, k, [&] { return weights; }, 0);
      multiply.activation.fixed = 0.02f;
      std::vector<std::byte> scratch(
          static_cast<std::size_t>(MatMul::scratch_bytes(multiply.weight, 1, 1)));
      std::vector<float> y(static_cast<std::size_t>(n));
      Frame frame;
      frame.kernels = &kernels();
      MatMul::Operands o;
      o.m = 1;
      o.x = x.data();
      o.ldx = k;
      o.y = y.data();
      o.ldy = n;
      o.scratch = scratch.data();
      multiply.run(frame, o, 1);
      const graph::WeightCodes codes = graph::weight_codes(weights, n, k, how);
      const auto rounding = graph::rounding_of_scale(0.02f);
      for (std::int64_t r = 0; r < n; ++r) {
        ASSERT_EQ(y[static_cast<std::size_t>(r)], product(x, rounding, codes, r))
            << name_of(how.precision) << " k " << k << " row " << r;
      }
    }
  }
}

TEST(RoundedWeights, are_what_packed_ones_stand_for) {
  const std::int64_t n = 9, k = 75;
  const std::vector<float> w = random_floats(static_cast<std::size_t>(n * k), 11);
  for (const Precision precision :
       {Precision::kFp32, Precision::kFp16, Precision::kBf16, Precision::kInt8, Precision::kInt4}) {
    graph::LayerQuantization how{precision};
    std::vector<std::byte> packed(packed_bytes(precision, n, k));
    const PackedScales scales = pack_matrix(precision, w.data(), n, k, packed.data());
    EXPECT_EQ(graph::rounded_weights(w, n, k, how),
              unpack_matrix(precision, packed.data(), scales, n, k))
        << name_of(precision);
  }
}

}  // namespace
}  // namespace nest::runtime
