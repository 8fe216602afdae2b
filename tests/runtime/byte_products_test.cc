// Products of bytes over random sizes, on every instruction set, against the integers themselves.
#include <algorithm>

#include "kernels_test_util.h"

namespace nest::runtime {
namespace {

class ByteProducts : public EveryIsa {};
NEST_EVERY_ISA(ByteProducts);

int round_up(int n, int to) {
  return (n + to - 1) / to * to;
}

std::vector<float> floats(int n, std::uint64_t seed) {
  return random_floats(static_cast<std::size_t>(n), seed);
}

/// A product of m rows with weights [n, k], and what lies around it.
struct Product {
  int m, n, k;
  std::vector<std::uint8_t> a;
  std::vector<std::int8_t> w, packed;
  std::vector<std::int32_t> sums;
  std::vector<float> a_scale, b_scale, bias, residual;
  QuantGemmArgs args;

  Product(int m, int n, int k, std::uint64_t seed) : m(m), n(n), k(k) {
    Rng rng(seed);
    const int lda = round_up(k, kPanel), columns = round_up(n, kPanel), groups = (k + 3) / 4;
    // Every third byte at an end of the range, and what is behind a row may be anything.
    const auto byte = [&] { return rng.below(3) == 0 ? 255 * rng.below(2) : rng.below(256); };
    for (int i = 0; i < m * lda; ++i) a.push_back(static_cast<std::uint8_t>(byte()));
    for (int i = 0; i < n * k; ++i)
      w.push_back(static_cast<std::int8_t>(static_cast<int>(byte()) - 128));
    packed.resize(static_cast<std::size_t>(columns * groups * 4));
    sums.resize(static_cast<std::size_t>(columns));
    for (int c = 0; c < n; ++c)
      for (int i = 0; i < k; ++i) {
        packed[static_cast<std::size_t>(((c / kPanel * groups + i / 4) * kPanel + c % kPanel) * 4 +
                                        i % 4)] = weight(c, i);
        sums[static_cast<std::size_t>(c)] += 128 * weight(c, i);
      }
    a_scale = floats(m, seed + 1);
    b_scale = floats(columns, seed + 2);
    bias = floats(n, seed + 3);
    residual = floats(m * n, seed + 4);
    args.m = m;
    args.n = n;
    args.k = k;
    args.a = a.data();
    args.lda = lda;
    args.a_scale = a_scale.data();
    args.b = packed.data();
    args.b_scale = b_scale.data();
    args.b_sum = sums.data();
    args.ldc = n;
    args.is_reversed = rng.below(2) == 1;
  }
  std::int8_t weight(int column, int i) const {
    return w[static_cast<std::size_t>(column * k + i)];
  }

  std::vector<float> run(const Kernels& kernels, const Epilogue& epilogue) {
    std::vector<float> out(static_cast<std::size_t>(m * n), -99.0f);
    args.c = out.data();
    args.epilogue = epilogue;
    kernels.gemm_s8(args);
    return out;
  }

  float exact(int row, int column) const {
    std::int64_t sum = 0;
    for (int i = 0; i < k; ++i)
      sum += (a[static_cast<std::size_t>(row * args.lda + i)] - 128) * weight(column, i);
    const float scale =
        a_scale[static_cast<std::size_t>(row)] * b_scale[static_cast<std::size_t>(column)];
    return static_cast<float>(sum) * scale + bias[static_cast<std::size_t>(column)];
  }
};

Epilogue with_bias(const Product& product) {
  Epilogue epilogue;
  epilogue.bias = product.bias.data();
  return epilogue;
}

TEST_P(ByteProducts, have_the_bits_of_the_integers_whatever_their_size) {
  Rng rng(31);
  for (int trial = 0; trial < 60; ++trial) {
    const int m = 1 + static_cast<int>(rng.below(70)), n = 1 + static_cast<int>(rng.below(200));
    const int k = 1 + static_cast<int>(rng.below(trial % 4 == 0 ? 20 : 300));
    Product product(m, n, k, static_cast<std::uint64_t>(trial));
    const std::vector<float> out = product.run(kernels(), with_bias(product));
    for (int r = 0; r < m; ++r)
      for (int c = 0; c < n; ++c) {
        ASSERT_EQ(out[static_cast<std::size_t>(r * n + c)], product.exact(r, c))
            << m << " x " << k << " x " << n << " row " << r << " column " << c;
      }
  }
}

TEST_P(ByteProducts, take_activation_factor_and_residual_of_every_row_once) {
  for (const auto& [m, act] : {std::pair{1, Act::kRelu},
                               {5, Act::kSquare},
                               {16, Act::kNone},
                               {17, Act::kRelu},
                               {33, Act::kSquare},
                               {64, Act::kNone},
                               {117, Act::kRelu},
                               {48, Act::kSquare}}) {
    Product product(m, 70, 130, 7);
    Epilogue epilogue = with_bias(product);
    epilogue.act = act;
    epilogue.alpha = 0.5f;
    epilogue.residual = product.residual.data();
    epilogue.ld_residual = 70;
    const std::vector<float> out = product.run(kernels(), epilogue);
    for (int r = 0; r < m; ++r)
      for (int c = 0; c < 70; ++c) {
        const auto at = static_cast<std::size_t>(r * 70 + c);
        float y = product.exact(r, c);
        if (act == Act::kRelu) y = std::max(y, 0.0f);
        if (act == Act::kSquare) y = y * y;
        ASSERT_EQ(out[at], y * 0.5f + product.residual[at])
            << m << " rows, row " << r << " column " << c;
      }
  }
}

}  // namespace
}  // namespace nest::runtime
