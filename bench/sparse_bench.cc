// Block-sparse against dense products: eight weights [2048, 512] in turns, so that they come from
// where a model's weights come from. Prints, by precision, rows and density, both times and their
// ratio. The last line is what plans go by (nest/runtime/sparse_choice.h).
#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/runtime/isa.h"
#include "nest/runtime/sparse_choice.h"
#include "runtime/matmul.h"
#include "runtime/measured_kernels.h"
#include "runtime/pool.h"
#include "runtime/sparse.h"

namespace {

using namespace nest::runtime;
using nest::name_of;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kN = 2048, kK = 512;
constexpr int kMatrices = 8, kRounds = 60;

std::vector<float> weight(double density, std::uint64_t seed) {
  nest::Rng rng(seed);
  std::vector<float> w(kN * kK);
  for (std::int64_t r = 0; r < kN; r += kStrip)
    for (std::int64_t c = 0; c < kK; c += 4) {
      const bool is_there = rng.uniform() < density;
      for (std::int64_t i = 0; i < kStrip; ++i)
        for (std::int64_t j = 0; j < 4; ++j)
          w[static_cast<std::size_t>((r + i) * kK + c + j)] =
              is_there ? static_cast<float>(rng.normal()) : 0.0f;
    }
  return w;
}

class Products {
 public:
  Products(Precision precision, double density, double densest_sparse) {
    for (int i = 0; i < kMatrices; ++i) {
      const auto w = weight(density, static_cast<std::uint64_t>(i));
      MatMul product;
      product.weight = packed_matrix(
          store_, fmt::format("w{}", i), {precision, {}}, kN, kK, [&] { return w; },
          densest_sparse);
      products_.push_back(product);
    }
  }
  double microseconds(const Kernels& kernels, std::int64_t m) {
    std::vector<float> x(static_cast<std::size_t>(m * kK), 0.5f);
    std::vector<float> y(static_cast<std::size_t>(m * kN));
    std::vector<std::byte> scratch(1 << 20);
    Pool pool({});
    Frame frame;
    frame.kernels = &kernels;
    frame.pool = &pool;
    const auto begin = Clock::now();
    for (const MatMul& product : products_)
      product.run(frame, {m, x.data(), kK, y.data(), kN, nullptr, 0, scratch.data()}, 1);
    return std::chrono::duration<double, std::micro>(Clock::now() - begin).count() / kMatrices;
  }

 private:
  WeightStore store_;
  std::vector<MatMul> products_;
};

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

}  // namespace

int main() {
  const Kernels& kernels = measured_kernels(choose_isa(""));
  fmt::print("{}, weights {} x {}, one thread, medians of {}\n", name_of(choose_isa("")), kN, kK,
             kRounds);
  fmt::print("precision rows density  dense us sparse us   ratio\n");
  for (const Precision precision : {Precision::kFp32, Precision::kInt8}) {
    for (const double density : {0.1, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9}) {
      Products dense(precision, density, 0), sparse(precision, density, 1);
      for (const std::int64_t rows : {1, 5, 14}) {
        std::vector<double> a, b;
        for (int i = 0; i < kRounds; ++i) {
          a.push_back(dense.microseconds(kernels, rows));
          b.push_back(sparse.microseconds(kernels, rows));
        }
        fmt::print("{:<9} {:4} {:7.2f} {:9.1f} {:9.1f} {:7.2f}\n", name_of(precision), rows,
                   density, median(a), median(b), median(a) / median(b));
      }
    }
  }
  fmt::print("int8 blocks there at most: {}\n", sparse_break_evens(choose_isa("")).dump());
}
