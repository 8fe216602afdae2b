#include <cmath>

#include "kernels_test_util.h"
#include "reference/kernels.h"

namespace nest::runtime {
namespace {

class Rows : public EveryIsa {};
NEST_EVERY_ISA(Rows);

double twin(Act act, double x) {
  switch (act) {
    case Act::kNone:
      return x;
    case Act::kElu:
      return reference::elu(x);
    case Act::kRelu:
      return std::max(x, 0.0);
    case Act::kGelu:
      return reference::gelu(x);
    case Act::kSilu:
      return x * reference::sigmoid(x);
    case Act::kTanh:
      return std::tanh(x);
    case Act::kSigmoid:
      return reference::sigmoid(x);
    case Act::kSquare:
      return x * x;
    case Act::kLog:
      return std::log(std::max(x, 1e-6));
  }
  return x;
}

struct Bound {
  Act act;
  double relative;  // of the result
  double absolute;
};
// One unit in the last place is 6e-8 to 1.2e-7.
constexpr Bound kBounds[] = {{Act::kElu, 3e-7, 1e-30},      {Act::kRelu, 0, 0},
                             {Act::kGelu, 3e-7, 4e-7},      {Act::kSilu, 4e-7, 1e-30},
                             {Act::kTanh, 3e-7, 1e-30},     {Act::kSigmoid, 4e-7, 1e-37},
                             {Act::kSquare, 1.2e-7, 1e-37}, {Act::kLog, 1.5e-7, 1e-7}};

TEST_P(Rows, activations_stay_within_their_stated_error) {
  std::vector<float> x;
  for (double v = -85; v < 85; v += 0.0137) x.push_back(static_cast<float>(v));
  for (double v = 1e-8; v < 1; v *= 1.01) {
    x.push_back(static_cast<float>(v));
    x.push_back(static_cast<float>(-v));
  }
  std::vector<float> y(x.size());
  for (const Bound& bound : kBounds) {
    kernels().activate(bound.act, x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double want = twin(bound.act, static_cast<double>(x[i]));
      ASSERT_NEAR(static_cast<double>(y[i]), want,
                  bound.relative * std::fabs(want) + bound.absolute)
          << "activation " << static_cast<int>(bound.act) << " at " << x[i];
    }
  }
}

TEST_P(Rows, sums_and_maxima_of_any_length) {
  for (std::size_t n = 1; n < 70; ++n) {
    const auto a = random_floats(n, n), b = random_floats(n, n + 100);
    double dot = 0, sum = 0, top = -1e30;
    for (std::size_t i = 0; i < n; ++i) {
      dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      top = std::max(top, static_cast<double>(a[i]));
    }
    for (const float v : a) sum += std::exp(static_cast<double>(v) - top);
    const auto count = static_cast<std::int64_t>(n);
    EXPECT_NEAR(static_cast<double>(kernels().dot(a.data(), b.data(), count)), dot, 1e-5);
    EXPECT_EQ(static_cast<double>(kernels().max(a.data(), count)), top);
    std::vector<float> y(n);
    float max = 0;
    EXPECT_NEAR(static_cast<double>(kernels().exp_sum(a.data(), y.data(), count, &max)), sum,
                1e-6 * sum * 4);
    EXPECT_EQ(static_cast<double>(max), top);
  }
}

TEST_P(Rows, softmax_of_any_length_in_place) {
  for (const std::size_t n : {1u, 3u, 14u, 16u, 33u, 63u, 64u, 65u, 300u}) {
    auto x = random_floats(n, n, 5);
    const float top = *std::max_element(x.begin(), x.end());
    std::vector<double> want;
    double sum = 0;
    for (const float v : x) sum += std::exp(static_cast<double>(v) - static_cast<double>(top));
    for (const float v : x)
      want.push_back(std::exp(static_cast<double>(v) - static_cast<double>(top)) / sum);
    kernels().softmax(x.data(), x.data(), static_cast<std::int64_t>(n));
    for (std::size_t i = 0; i < n; ++i) ASSERT_NEAR(static_cast<double>(x[i]), want[i], 1e-6) << n;
  }
}

TEST_P(Rows, softmax_has_no_weights_whose_products_would_be_subnormal) {
  for (const std::size_t n : {17u, 300u}) {
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = -0.25f * static_cast<float>(i * 300 / n);
    x[n / 2] = -3e38f;
    const std::vector<float> before = x;
    kernels().softmax(x.data(), x.data(), static_cast<std::int64_t>(n));
    for (std::size_t i = 0; i < n; ++i)
      EXPECT_EQ(x[i] == 0.0f, before[i] < -64.0f) << n << " weight " << x[i];
    EXPECT_GT(*std::ranges::min_element(x, {}, [](float w) { return w == 0 ? 1 : w; }), 1e-31f);
  }
}

TEST_P(Rows, layer_norm_of_any_length) {
  for (const std::size_t n : {1u, 2u, 7u, 16u, 31u, 64u, 100u, 512u}) {
    const auto x = random_floats(n, 1), w = random_floats(n, 2), b = random_floats(n, 3);
    std::vector<float> y(n);
    kernels().layer_norm(x.data(), w.data(), b.data(), 1e-5f, y.data(),
                         static_cast<std::int64_t>(n));
    double mean = 0, variance = 0;
    for (const float v : x) mean += static_cast<double>(v) / static_cast<double>(n);
    for (const float v : x)
      variance += std::pow(static_cast<double>(v) - mean, 2) / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) {
      const double want = (static_cast<double>(x[i]) - mean) / std::sqrt(variance + 1e-5) *
                              static_cast<double>(w[i]) +
                          static_cast<double>(b[i]);
      ASSERT_NEAR(static_cast<double>(y[i]), want, 4e-6) << n;
    }
  }
}

TEST_P(Rows, recurrent_cells_agree_with_their_formulas) {
  const std::size_t n = 37;
  const auto gates = random_floats(4 * n, 1, 2), c = random_floats(n, 2), h = random_floats(n, 3);
  const auto hidden = random_floats(3 * n, 4);
  std::vector<float> c_out(n), h_out(n), g_out(n);
  kernels().lstm_cell(gates.data(), n, c.data(), c_out.data(), h_out.data(), n);
  kernels().gru_cell(gates.data(), hidden.data(), n, h.data(), g_out.data(), n);
  for (std::size_t j = 0; j < n; ++j) {
    const auto at = [&](std::size_t g) { return static_cast<double>(gates[g * n + j]); };
    const auto hid = [&](std::size_t g) { return static_cast<double>(hidden[g * n + j]); };
    const double cell = reference::sigmoid(at(1)) * static_cast<double>(c[j]) +
                        reference::sigmoid(at(0)) * std::tanh(at(2));
    EXPECT_NEAR(static_cast<double>(c_out[j]), cell, 1e-6);
    EXPECT_NEAR(static_cast<double>(h_out[j]), reference::sigmoid(at(3)) * std::tanh(cell), 1e-6);
    const double r = reference::sigmoid(at(0) + hid(0)), z = reference::sigmoid(at(1) + hid(1));
    const double s = std::tanh(at(2) + r * hid(2));
    EXPECT_NEAR(static_cast<double>(g_out[j]), (1 - z) * s + z * static_cast<double>(h[j]), 1e-6);
  }
}

TEST_P(Rows, transposition_writes_every_element_and_no_other) {
  for (const std::int64_t rows : {1, 3, 4, 8, 15, 16, 17, 40}) {
    for (const std::int64_t columns : {1, 2, 5, 8, 16, 23, 64}) {
      const std::int64_t ldx = columns + 3, ldy = rows + 2;
      const auto x = random_floats(static_cast<std::size_t>(rows * ldx), 7);
      std::vector<float> y(static_cast<std::size_t>(columns * ldy), -9);
      kernels().transpose(x.data(), ldx, rows, columns, y.data(), ldy);
      for (std::int64_t c = 0; c < columns; ++c)
        for (std::int64_t r = 0; r < ldy; ++r)
          ASSERT_EQ(y[static_cast<std::size_t>(c * ldy + r)],
                    r < rows ? x[static_cast<std::size_t>(r * ldx + c)] : -9)
              << rows << " x " << columns;
    }
  }
}

TEST_P(Rows, convolution_by_offsets_reads_only_its_columns) {
  const int channels = 3, kernel = 5, out_channels = 7;
  for (const int t : {1, 15, 16, 33, 70}) {
    const int width = t + kernel - 1;
    const auto x = random_floats(static_cast<std::size_t>(channels * width), 1);
    const auto w = random_floats(static_cast<std::size_t>(out_channels * channels * kernel), 2);
    const auto bias = random_floats(out_channels, 3);
    std::vector<std::int64_t> offsets;
    for (int c = 0; c < channels; ++c)
      for (int k = 0; k < kernel; ++k) offsets.push_back(c * width + k);
    std::vector<float> y(static_cast<std::size_t>(out_channels * t), -1);
    GemmArgs g;
    g.m = out_channels;
    g.n = t;
    g.k = channels * kernel;
    g.a = w.data();
    g.lda = g.k;
    g.b = x.data();
    g.offsets = offsets.data();
    g.c = y.data();
    g.ldc = t;
    g.epilogue.row_bias = bias.data();
    g.b_size = static_cast<std::int64_t>(x.size());
    kernels().conv(g);
    const std::vector<float> in_whole_vectors = y;
    g.b_size = 0;
    kernels().conv(g);
    EXPECT_EQ(y, in_whole_vectors);
    for (int o = 0; o < out_channels; ++o)
      for (int i = 0; i < t; ++i) {
        double sum = static_cast<double>(bias[static_cast<std::size_t>(o)]);
        for (int j = 0; j < g.k; ++j)
          sum += static_cast<double>(w[static_cast<std::size_t>(o * g.k + j)]) *
                 static_cast<double>(
                     x[static_cast<std::size_t>(offsets[static_cast<std::size_t>(j)] + i)]);
        ASSERT_NEAR(static_cast<double>(y[static_cast<std::size_t>(o * t + i)]), sum, 1e-5);
      }
  }
}

TEST_P(Rows, quantized_rows_are_the_same_bits_everywhere) {
  for (const int n : {1, 5, 16, 33, 100}) {
    auto x = random_floats(static_cast<std::size_t>(n), 9, 5);
    const int padded = (n + 31) / 32 * 32;
    std::vector<std::uint8_t> q(static_cast<std::size_t>(padded)), g(q);
    const float scale = kernels().quantize_row(x.data(), n, padded, 0, q.data());
    EXPECT_EQ(scale, kernels_for(Isa::kGeneric).quantize_row(x.data(), n, padded, 0, g.data()));
    EXPECT_EQ(q, g);
    const auto want = reference::quantize(x.data(), n);
    for (int i = 0; i < n; ++i)
      EXPECT_EQ(int{q[static_cast<std::size_t>(i)]} - 128, want.codes[static_cast<std::size_t>(i)]);
    std::fill(x.begin(), x.end(), 0.0f);
    EXPECT_EQ(kernels().quantize_row(x.data(), n, padded, 0, q.data()), 0.0f);
    for (const auto byte : q) EXPECT_EQ(byte, 128);
  }
}

TEST(Isa, a_forced_instruction_set_is_used_or_refused) {
  EXPECT_EQ(choose_isa("generic"), Isa::kGeneric);
  EXPECT_EQ(choose_isa(""), available_isas().back());
  EXPECT_ANY_THROW(choose_isa("sse9"));
#if defined(__x86_64__)
  EXPECT_ANY_THROW(choose_isa("neon"));
#endif
}

TEST_P(Rows, depthwise_rows_agree_with_the_reference_convolution) {
  for (const int width : {1, 7, 16, 50, 64}) {
    const int taps = 9, time = 9;  // one output frame
    const auto x = random_floats(static_cast<std::size_t>(time * width), 31);
    const auto w = random_floats(static_cast<std::size_t>(taps * width), 32);
    const auto bias = random_floats(static_cast<std::size_t>(width), 33);
    std::vector<float> panel(static_cast<std::size_t>(taps * kPanel), 0.0f);
    for (int k = 0; k < taps; ++k)
      std::copy_n(w.begin() + k * width, width, panel.begin() + k * kPanel);
    std::vector<float> y(static_cast<std::size_t>(width));
    kernels().depthwise_row(x.data(), width, panel.data(), bias.data(), taps, y.data(), width);
    for (int d = 0; d < width; ++d) {
      std::vector<float> signal, filter;
      for (int k = 0; k < taps; ++k) {
        signal.push_back(x[static_cast<std::size_t>(k * width + d)]);
        filter.push_back(w[static_cast<std::size_t>(k * width + d)]);
      }
      const double want = reference::convolution(signal, filter, 1, 1, taps, time).at(0) +
                          static_cast<double>(bias[static_cast<std::size_t>(d)]);
      EXPECT_NEAR(static_cast<double>(y[static_cast<std::size_t>(d)]), want, 1e-5);
    }
  }
}

}  // namespace
}  // namespace nest::runtime
