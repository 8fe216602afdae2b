// Products with weights of 4 bits are those of the codes of 8 bits that they say.
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels_test_util.h"
#include "nest/core/json.h"
#include "nest/graph/codes.h"
#include "nest/runtime/int4_choice.h"
#include "runtime/matmul.h"

namespace nest::runtime {
namespace {

class Int4 : public EveryIsa {};
NEST_EVERY_ISA(Int4);

struct Sizes {
  std::int64_t m, n, k;
  int parts;
  bool is_reversed, is_widened;
};

/// y of the runtime, columns in `parts` parts one after another.
std::vector<float> run(const Kernels& kernels, const Sizes& s, const std::vector<float>& w,
                       const std::vector<float>& x) {
  WeightStore store;
  MatMul product;
  product.weight = packed_matrix(
      store, "w", {Precision::kInt4}, s.n, s.k, [&] { return w; }, 0);
  if (s.is_widened) product.weight = widened(store, "w", product.weight, kernels);
  EXPECT_NE(product.weight.has_nibbles(), s.is_widened);
  product.activation.fixed = 0.02f;
  std::vector<std::byte> scratch(
      static_cast<std::size_t>(MatMul::scratch_bytes(product.weight, s.m, s.parts)));
  std::vector<float> y(static_cast<std::size_t>(s.m * s.n), -9);
  Frame frame;
  frame.kernels = &kernels;
  MatMul::Operands o;
  o.m = s.m;
  o.x = x.data();
  o.ldx = s.k;
  o.y = y.data();
  o.ldy = s.n;
  o.scratch = scratch.data();
  o.is_reversed = s.is_reversed;
  product.round(frame, o);
  const std::int64_t panels = (s.n + kPanel - 1) / kPanel;
  for (int part = 0; part < s.parts; ++part)
    product.multiply(frame, o, panels * part / s.parts * kPanel,
                     std::min(s.n, panels * (part + 1) / s.parts * kPanel), part);
  return y;
}

std::vector<float> expected(const Sizes& s, const std::vector<float>& w,
                            const std::vector<float>& x) {
  const graph::WeightCodes codes = graph::weight_codes(w, s.n, s.k, {Precision::kInt4});
  const auto rounding = graph::rounding_of_scale(0.02f);
  std::vector<float> y;
  for (std::int64_t r = 0; r < s.m; ++r)
    for (std::int64_t c = 0; c < s.n; ++c) {
      std::int32_t sum = 0;
      for (std::int64_t i = 0; i < s.k; ++i)
        sum += graph::activation_code(x[static_cast<std::size_t>(r * s.k + i)], rounding) *
               codes.codes[static_cast<std::size_t>(c * s.k + i)];
      y.push_back(static_cast<float>(sum) *
                  (rounding.scale * codes.scales[static_cast<std::size_t>(c)]));
    }
  return y;
}

TEST_P(Int4, products_are_those_of_the_codes_bit_for_bit_whatever_the_sizes) {
  std::mt19937 random(7);
  const auto up_to = [&](int n) { return 1 + static_cast<std::int64_t>(random() % n); };
  for (int i = 0; i < 40; ++i) {
    const Sizes s{
        i % 2 == 0 ? 1 : up_to(20), up_to(220), up_to(150), 1 + i % 3, i % 5 == 0, i % 7 == 0};
    const auto w = random_floats(static_cast<std::size_t>(s.n * s.k), random());
    const auto x = random_floats(static_cast<std::size_t>(s.m * s.k), random(), 3);
    ASSERT_EQ(run(kernels(), s, w, x), expected(s, w, x)) << s.m << "x" << s.k << "x" << s.n;
  }
}

TEST_P(Int4, the_largest_sums_there_can_be_do_not_overflow) {
  for (const std::int64_t m : {1, 3})
    for (const float weight : {1.0f, -1.0f})
      for (const float x : {100.0f, -100.0f, 0.0f}) {
        const Sizes s{m, 70, 96, 1, false, false};
        std::vector<float> w(static_cast<std::size_t>(s.n * s.k), weight);
        // A code of -8 in every block of some rows: what is positive has 7.
        for (std::int64_t r = 0; r < s.n; r += 2) w[static_cast<std::size_t>(r * s.k)] = -1;
        const std::vector<float> signal(static_cast<std::size_t>(s.m * s.k), x);
        ASSERT_EQ(run(kernels(), s, w, signal), expected(s, w, signal)) << weight << " " << x;
      }
}

TEST_P(Int4, stays_in_four_bits_where_that_was_measured_to_be_faster_and_is_measured_once) {
  const Json gains = int4_gains(GetParam());
  for (const auto& [rows, name] : {std::pair{1, "one_row"}, {8, "several_rows"}}) {
    ASSERT_EQ(gains.at(name).size(), 4u);
    for (const auto& [text, gain] : gains.at(name).items()) {
      const std::int64_t bytes = std::stoll(text);
      EXPECT_EQ(keeps_int4(GetParam(), rows, bytes), gain.get<double>() >= 1.03) << gain;
      EXPECT_EQ(keeps_int4(GetParam(), rows, 2 * bytes), keeps_int4(GetParam(), rows, bytes));
      RecordProperty(fmt::format("gain_of_{}_rows_{}_bytes", rows, bytes),
                     fmt::format("{:.2f}", gain.get<double>()));
    }
    EXPECT_FALSE(keeps_int4(GetParam(), rows, (256 << 10) - 1)) << "near enough";
  }
  EXPECT_EQ(int4_gains(GetParam()), gains);
}

TEST(Int4Codes, of_a_row_of_the_lowest_are_the_lowest) {
  const std::vector<float> w(48, -1);
  const graph::WeightCodes made = graph::weight_codes(w, 1, 48, {Precision::kInt4});
  for (const std::int8_t code : made.codes)
    EXPECT_EQ(static_cast<float>(code) * made.scales[0], -1);
}

}  // namespace
}  // namespace nest::runtime
