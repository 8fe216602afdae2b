#include "kernels_test_util.h"
#include "reference/kernels.h"
#include "runtime/pack.h"

namespace nest::runtime {
namespace {

struct Case {
  int m, n, k;
};
constexpr Case kCases[] = {{1, 1, 1},   {1, 64, 32},  {1, 200, 130}, {2, 17, 5},    {3, 65, 33},
                           {7, 80, 64}, {13, 33, 97}, {15, 130, 40}, {6, 256, 128}, {1, 48, 7}};

std::vector<std::uint8_t> packed(Precision precision, const std::vector<float>& w, const Case& c,
                                 PackedScales& scales) {
  std::vector<std::uint8_t> bytes(packed_bytes(precision, c.n, c.k));
  scales = pack_matrix(precision, w.data(), c.n, c.k, bytes.data());
  return bytes;
}

class Gemm : public EveryIsa {};
NEST_EVERY_ISA(Gemm);

void expect_close(const std::vector<float>& got, const std::vector<double>& want, double bound) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(got[i]), want[i], bound) << "element " << i;
  }
}

std::vector<float> run_float(const Kernels& kernels, Precision precision, const Case& c,
                             const std::vector<float>& a, const std::vector<std::uint8_t>& b,
                             const Epilogue& epilogue) {
  std::vector<float> out(static_cast<std::size_t>(c.m * c.n), -99.0f);
  GemmArgs g;
  g.m = c.m;
  g.n = c.n;
  g.k = c.k;
  g.a = a.data();
  g.lda = c.k;
  g.b = b.data();
  g.c = out.data();
  g.ldc = c.n;
  g.epilogue = epilogue;
  const int padded = (c.k + 1) / 2 * 2;
  std::vector<std::uint16_t> a16(static_cast<std::size_t>(c.m * padded));
  if (precision == Precision::kBf16) {
    for (int r = 0; r < c.m; ++r)
      kernels.bf16_row(a.data() + r * c.k, c.k, padded, a16.data() + r * padded);
    g.a_bf16 = a16.data();
    g.lda = padded;
    kernels.gemm_bf16(g);
  } else if (precision == Precision::kFp16) {
    kernels.gemm_f16(g);
  } else {
    kernels.gemm_f32(g);
  }
  return out;
}

TEST_P(Gemm, float_products_agree_with_the_double_reference) {
  for (const Precision precision : {Precision::kFp32, Precision::kFp16, Precision::kBf16}) {
    for (const Case& c : kCases) {
      auto a = random_floats(static_cast<std::size_t>(c.m * c.k), 1);
      const auto w = random_floats(static_cast<std::size_t>(c.n * c.k), 2);
      const auto bias = random_floats(static_cast<std::size_t>(c.n), 3);
      PackedScales scales;
      const auto b = packed(precision, w, c, scales);
      const auto stored = unpack_matrix(precision, b.data(), scales, c.n, c.k);
      Epilogue epilogue;
      epilogue.bias = bias.data();
      const auto out = run_float(kernels(), precision, c, a, b, epilogue);
      if (precision == Precision::kBf16) {
        for (float& x : a) x = to_float(to_bfloat16(x));
      }
      expect_close(out, reference::linear(a, stored, bias, c.m, c.n, c.k), 2e-6 * (c.k + 8));
    }
  }
}

TEST_P(Gemm, a_row_gives_the_same_bits_alone_and_among_others) {
  for (const Case& c : kCases) {
    const auto a = random_floats(static_cast<std::size_t>(c.m * c.k), 4);
    const auto w = random_floats(static_cast<std::size_t>(c.n * c.k), 5);
    for (const Precision precision : {Precision::kFp32, Precision::kFp16, Precision::kBf16}) {
      PackedScales scales;
      const auto b = packed(precision, w, c, scales);
      const auto all = run_float(kernels(), precision, c, a, b, {});
      for (int r = 0; r < c.m; ++r) {
        const std::vector<float> row(a.begin() + r * c.k, a.begin() + (r + 1) * c.k);
        const auto one = run_float(kernels(), precision, {1, c.n, c.k}, row, b, {});
        ASSERT_TRUE(std::equal(one.begin(), one.end(), all.begin() + r * c.n));
      }
    }
  }
}

TEST_P(Gemm, epilogue_is_activation_then_factor_then_residual) {
  const Case c{5, 70, 12};
  const auto a = random_floats(static_cast<std::size_t>(c.m * c.k), 6);
  const auto w = random_floats(static_cast<std::size_t>(c.n * c.k), 7);
  const auto bias = random_floats(static_cast<std::size_t>(c.n), 8);
  const auto residual = random_floats(static_cast<std::size_t>(c.m * c.n), 9);
  PackedScales scales;
  const auto b = packed(Precision::kFp32, w, c, scales);
  const Epilogue epilogue{bias.data(), nullptr, Act::kSilu, 0.5f, residual.data(), c.n};
  const auto out = run_float(kernels(), Precision::kFp32, c, a, b, epilogue);
  auto want = reference::linear(a, w, bias, c.m, c.n, c.k);
  for (std::size_t i = 0; i < want.size(); ++i)
    want[i] = 0.5 * want[i] * reference::sigmoid(want[i]) + static_cast<double>(residual[i]);
  expect_close(out, want, 1e-5);
}

/// Rows by weights of 4 bits, as MatMul multiplies them.
void multiply_s4(const Kernels& kernels, QuantGemmArgs g, const std::uint8_t* packed) {
  g.b = packed;
  if (g.m == 1) return kernels.gemm_s4(g);
  const int blocks = (g.k + kS4Block - 1) / kS4Block, n = g.n;
  std::vector<std::int8_t> panel(static_cast<std::size_t>(blocks) * kS4Block * kPanel);
  for (int begin = 0; begin < n; begin += kPanel, g.c += kPanel, g.epilogue.bias += kPanel) {
    kernels.unpack_s4(packed + begin / kPanel * blocks * kS4BlockBytes, blocks, panel.data());
    g.b = panel.data();
    g.n = std::min(kPanel, n - begin);
    kernels.gemm_s8(g);
    g.b_scale += kPanel;
    g.b_sum += kPanel;
  }
}

std::vector<float> run_quant(const Kernels& kernels, Precision precision, const Case& c,
                             const std::vector<float>& a, const std::vector<std::uint8_t>& b,
                             const PackedScales& scales, const std::vector<float>& bias) {
  const int padded = (c.k + kS4Block - 1) / kS4Block * kS4Block;
  const int ld = (c.k + kPanel - 1) / kPanel * kPanel;
  std::vector<std::uint8_t> q(static_cast<std::size_t>(c.m * ld));
  std::vector<float> a_scale(static_cast<std::size_t>(c.m));
  for (int r = 0; r < c.m; ++r) {
    a_scale[static_cast<std::size_t>(r)] =
        kernels.quantize_row(a.data() + r * c.k, c.k, padded, 0, q.data() + r * ld);
  }
  std::vector<float> out(static_cast<std::size_t>(c.m * c.n), -99.0f);
  QuantGemmArgs g;
  g.m = c.m;
  g.n = c.n;
  g.k = c.k;
  g.a = q.data();
  g.lda = ld;
  g.a_scale = a_scale.data();
  g.b = b.data();
  g.b_scale = scales.scale.data();
  g.b_sum = scales.sum.data();
  g.c = out.data();
  g.ldc = c.n;
  g.epilogue.bias = bias.data();
  precision == Precision::kInt8 ? kernels.gemm_s8(g) : multiply_s4(kernels, g, b.data());
  return out;
}

TEST_P(Gemm, integer_products_equal_the_reference_codes_and_the_generic_bits) {
  for (const Precision precision : {Precision::kInt8, Precision::kInt4}) {
    for (const Case& c : kCases) {
      const auto a = random_floats(static_cast<std::size_t>(c.m * c.k), 10, 3);
      const auto w = random_floats(static_cast<std::size_t>(c.n * c.k), 11);
      const auto bias = random_floats(static_cast<std::size_t>(c.n), 12);
      PackedScales scales;
      const auto b = packed(precision, w, c, scales);
      const auto out = run_quant(kernels(), precision, c, a, b, scales, bias);
      const auto generic = run_quant(kernels_for(Isa::kGeneric), precision, c, a, b, scales, bias);
      ASSERT_EQ(out, generic) << "not bit-equal";
      std::vector<float> rounded;
      for (int r = 0; r < c.m; ++r) {
        const auto q = reference::quantize(a.data() + r * c.k, c.k);
        for (const int code : q.codes) rounded.push_back(static_cast<float>(code) * q.scale);
      }
      const auto stored = unpack_matrix(precision, b.data(), scales, c.n, c.k);
      expect_close(out, reference::linear(rounded, stored, bias, c.m, c.n, c.k), 4e-6 * (c.k + 8));
    }
  }
}

TEST(Pack, int8_and_int4_weights_stay_within_half_a_step) {
  const Case c{1, 70, 100};
  const auto w = random_floats(static_cast<std::size_t>(c.n * c.k), 13);
  for (const Precision precision : {Precision::kInt8, Precision::kInt4}) {
    PackedScales scales;
    const auto b = packed(precision, w, c, scales);
    const auto stored = unpack_matrix(precision, b.data(), scales, c.n, c.k);
    double error = 0, power = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      error += std::pow(static_cast<double>(w[i] - stored[i]), 2);
      power += std::pow(static_cast<double>(w[i]), 2);
    }
    EXPECT_LT(std::sqrt(error / power), precision == Precision::kInt8 ? 0.009 : 0.1);
    EXPECT_GT(error, 0);
  }
}

TEST_P(Gemm, extreme_codes_do_not_saturate) {
  const Case c{2, 64, 256};
  const std::vector<float> a(static_cast<std::size_t>(c.m * c.k), 1.0f);
  for (const float sign : {1.0f, -1.0f}) {
    const std::vector<float> w(static_cast<std::size_t>(c.n * c.k), sign);
    PackedScales scales;
    const auto b = packed(Precision::kInt8, w, c, scales);
    const auto out = run_quant(kernels(), Precision::kInt8, c, a, b, scales,
                               std::vector<float>(static_cast<std::size_t>(c.n), 0.0f));
    for (const float y : out) ASSERT_NEAR(y, sign * 256, 1e-3);
  }
}

}  // namespace
}  // namespace nest::runtime
