#include "runtime/sparse.h"

#include <gmock/gmock.h>

#include "families.h"
#include "kernels_test_util.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/runtime/session.h"
#include "nest/runtime/sparse_choice.h"
#include "reference/kernels.h"
#include "runtime/matmul.h"
#include "runtime/pack.h"
#include "runtime/pool.h"
#include "tests/support/count_allocations.h"
#include "tests/support/temp_dir.h"

namespace nest::runtime {
namespace {

using ::testing::HasSubstr;

/// Random weights [n, k] with about that share of 16 x 4 blocks left.
std::vector<float> sparse_weight(int n, int k, double density, std::uint64_t seed) {
  auto w = random_floats(static_cast<std::size_t>(n * k), seed);
  Rng rng(seed + 1);
  for (int r = 0; r < n; r += kStrip)
    for (int c = 0; c < k; c += 4) {
      if (rng.uniform() < density) continue;
      for (int i = r; i < std::min(n, r + kStrip); ++i)
        for (int j = c; j < std::min(k, c + 4); ++j) w[static_cast<std::size_t>(i * k + j)] = 0;
    }
  return w;
}

struct SparseCase {
  int m, n, k;
  double density;
};
constexpr SparseCase kSparseCases[] = {{1, 16, 4, 1},     {1, 200, 128, 0.3}, {2, 17, 8, 0.5},
                                       {7, 80, 64, 0.25}, {14, 65, 32, 0.6},  {29, 130, 40, 0.1},
                                       {5, 48, 16, 0},    {3, 1, 12, 0.5}};

struct Packed {
  std::vector<std::uint64_t> memory;  // aligned for every part
  PackedScales scales;
  SparseWeights view;

  Packed(Precision precision, const std::vector<float>& w, const SparseCase& c) {
    const BlockPattern pattern = find_blocks(w.data(), c.n, c.k);
    const std::size_t bytes = sparse_bytes(precision, c.n, pattern.groups.size());
    memory.resize(bytes / 8 + 1);
    scales = int8_scales(w.data(), c.n, c.k);
    pack_sparse(precision, pattern, w.data(), c.n, c.k, scales.scale.data(), memory.data());
    view = sparse_view(precision, c.n, c.k, memory.data(), bytes);
  }
};

std::vector<float> multiply(const Kernels& kernels, const SparseWeights& w, const SparseCase& c,
                            const std::vector<float>& a, const std::vector<float>& bias) {
  std::vector<float> out(static_cast<std::size_t>(c.m * c.n), -99.0f);
  GemmArgs g;
  g.m = c.m;
  g.n = c.n;
  g.k = c.k;
  g.a = a.data();
  g.lda = c.k;
  g.c = out.data();
  g.ldc = c.n;
  g.epilogue.bias = bias.data();
  kernels.sparse_f32(g, w);
  return out;
}

/// With `sparse`, else with the dense `packed` weights.
std::vector<float> multiply_codes(const Kernels& kernels, const SparseWeights* sparse,
                                  const std::vector<std::uint8_t>& packed,
                                  const PackedScales& scales, const SparseCase& c,
                                  const std::vector<float>& a, bool is_reversed = false) {
  std::vector<std::uint8_t> q(static_cast<std::size_t>(c.m * c.k + kPanel));
  std::vector<float> a_scale(static_cast<std::size_t>(c.m)),
      out(static_cast<std::size_t>(c.m * c.n));
  for (int r = 0; r < c.m; ++r)
    a_scale[static_cast<std::size_t>(r)] =
        kernels.quantize_row(a.data() + r * c.k, c.k, c.k, 0, q.data() + r * c.k);
  QuantGemmArgs g;
  g.m = c.m;
  g.n = c.n;
  g.k = c.k;
  g.a = q.data();
  g.lda = c.k;
  g.a_scale = a_scale.data();
  g.b = packed.data();
  g.b_scale = scales.scale.data();
  g.b_sum = scales.sum.data();
  g.is_reversed = is_reversed;
  g.c = out.data();
  g.ldc = c.n;
  g.epilogue.act = Act::kRelu;
  sparse != nullptr ? kernels.sparse_s8(g, *sparse) : kernels.gemm_s8(g);
  return out;
}

class Sparse : public EveryIsa {};
NEST_EVERY_ISA(Sparse);

TEST_P(Sparse, float_products_agree_with_the_double_reference) {
  for (const SparseCase& c : kSparseCases) {
    const auto a = random_floats(static_cast<std::size_t>(c.m * c.k), 1);
    const auto w = sparse_weight(c.n, c.k, c.density, 2);
    const auto bias = random_floats(static_cast<std::size_t>(c.n), 3);
    const Packed packed(Precision::kFp32, w, c);
    const auto out = multiply(kernels(), packed.view, c, a, bias);
    const auto want = reference::linear(a, w, bias, c.m, c.n, c.k);
    for (std::size_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR(static_cast<double>(out[i]), want[i], 2e-6 * (c.k + 8)) << "element " << i;
    for (int r = 0; r < c.m; ++r) {
      const std::vector<float> row(a.begin() + r * c.k, a.begin() + (r + 1) * c.k);
      const auto one = multiply(kernels(), packed.view, {1, c.n, c.k, 0}, row, bias);
      ASSERT_TRUE(std::equal(one.begin(), one.end(), out.begin() + r * c.n)) << "row " << r;
    }
  }
}

TEST_P(Sparse, integer_products_are_bit_for_bit_the_dense_ones) {
  for (const SparseCase& c : kSparseCases) {
    const auto a = random_floats(static_cast<std::size_t>(c.m * c.k), 4);
    const auto w = sparse_weight(c.n, c.k, c.density, 5);
    const Packed sparse(Precision::kInt8, w, c);
    std::vector<std::uint8_t> dense(packed_bytes(Precision::kInt8, c.n, c.k));
    const PackedScales scales = pack_matrix(Precision::kInt8, w.data(), c.n, c.k, dense.data());
    const auto want = multiply_codes(kernels(), nullptr, dense, scales, c, a);
    EXPECT_EQ(multiply_codes(kernels(), &sparse.view, {}, sparse.scales, c, a), want);
    EXPECT_EQ(multiply_codes(kernels(), &sparse.view, {}, sparse.scales, c, a, true), want);
  }
}

TEST_P(Sparse, where_it_pays_is_measured_once) {
  const Json shares = sparse_break_evens(GetParam());
  for (const auto& [rows, name] : {std::pair{1, "one_row"}, {30, "several_rows"}}) {
    ASSERT_EQ(shares.at(name).size(), 4u);
    for (const auto& [text, share] : shares.at(name).items()) {
      const std::int64_t bytes = std::stoll(text);
      EXPECT_EQ(sparse_break_even(GetParam(), rows, bytes), share);
      EXPECT_EQ(sparse_break_even(GetParam(), rows, 2 * bytes - 1), share);
      EXPECT_GE(share, 0.0);
      EXPECT_LE(share, 1.0);
      RecordProperty(fmt::format("{}_{}_bytes", name, bytes),
                     fmt::format("{:.2f}", share.get<double>()));
    }
  }
#ifndef NEST_IS_SANITIZED  // kernels with checks in them are not as fast as memory
  EXPECT_GT(sparse_break_even(GetParam(), 1, 16 << 20), 0.25) << "far away, a quarter of the bytes";
#endif
  EXPECT_EQ(sparse_break_evens(GetParam()), shares);
}

TEST_P(Sparse, with_its_zeros_a_matrix_has_the_same_bits) {
  for (const SparseCase& c : kSparseCases) {
    const auto w = sparse_weight(c.n, c.k, c.density, 9);
    const auto x = random_floats(static_cast<std::size_t>(c.m * c.k), 10);
    WeightStore store;
    MatMul product;
    Pool pool({});
    Frame frame;
    frame.kernels = &kernels();
    frame.pool = &pool;
    const auto multiplied = [&](const PackedMatrix& weight) {
      product.weight = weight;
      std::vector<std::byte> scratch(
          static_cast<std::size_t>(MatMul::scratch_bytes(weight, c.m, 1)));
      std::vector<float> y(static_cast<std::size_t>(c.m * c.n));
      product.run(frame, {c.m, x.data(), c.k, y.data(), c.n, nullptr, 0, scratch.data()}, 1);
      return y;
    };
    const PackedMatrix sparse = packed_matrix(
        store, "w", {Precision::kInt8, {}}, c.n, c.k, [&] { return w; }, 1);
    ASSERT_TRUE(sparse.is_sparse());
    const PackedMatrix whole = with_zeros(store, "w", sparse);
    EXPECT_FALSE(whole.is_sparse());
    EXPECT_EQ(multiplied(whole), multiplied(sparse));
    WeightStore other;
    const PackedMatrix dense = packed_matrix(
        other, "w", {Precision::kInt8, {}}, c.n, c.k, [&] { return w; }, 0);
    EXPECT_EQ(multiplied(whole), multiplied(dense));
  }
}

TEST(SparsePattern, holds_the_blocks_that_are_not_zero) {
  std::vector<float> w(20 * 12, 0.0f);
  w[0 * 12 + 5] = 1;    // strip 0, group 1
  w[15 * 12 + 11] = 1;  // strip 0, group 2
  w[19 * 12 + 0] = 1;   // strip 1, group 0
  const BlockPattern pattern = find_blocks(w.data(), 20, 12);
  EXPECT_THAT(pattern.starts, testing::ElementsAre(0, 2, 3));
  EXPECT_THAT(pattern.groups, testing::ElementsAre(1, 2, 0));
  EXPECT_DOUBLE_EQ(pattern.density(12), 0.5);
}

TEST(SparseView, foreign_bytes_that_do_not_hold_together_are_an_error) {
  const SparseCase c{1, 40, 16, 0.5};
  const auto w = sparse_weight(c.n, c.k, c.density, 6);
  const BlockPattern pattern = find_blocks(w.data(), c.n, c.k);
  const std::size_t bytes = sparse_bytes(Precision::kFp32, c.n, pattern.groups.size());
  std::vector<std::uint32_t> memory(bytes / 4);
  pack_sparse(Precision::kFp32, pattern, w.data(), c.n, c.k, nullptr, memory.data());
  EXPECT_NO_THROW(sparse_view(Precision::kFp32, c.n, c.k, memory.data(), bytes));
  EXPECT_THROW(sparse_view(Precision::kFp32, c.n, c.k, memory.data(), bytes - 64), Error);
  EXPECT_THROW(sparse_view(Precision::kFp32, c.n, c.k, memory.data(), 8), Error);
  EXPECT_THROW(sparse_view(Precision::kFp32, c.n, 4, memory.data(), bytes), Error);  // groups
  auto broken = memory;
  broken[1] = 0xfffffff0u;
  EXPECT_THROW(sparse_view(Precision::kFp32, c.n, c.k, broken.data(), bytes), Error);
  broken = memory;
  broken[3] = 1u << 30;
  EXPECT_THROW(sparse_view(Precision::kFp32, c.n, c.k, broken.data(), bytes), Error);
}

// --- in a model ------------------------------------------------------------------------------

/// A model whose large matrices kept a quarter of their blocks.
graph::Model pruned(const Family& family) {
  graph::Model model = make_model(family);
  std::uint64_t seed = 40;
  for (auto& [name, tensor] : model.weights) {
    if (tensor.rank() != 2 || tensor.dtype() != DType::kF32) continue;
    const auto n = static_cast<int>(tensor.dim(0)), k = static_cast<int>(tensor.dim(1));
    const auto keep = sparse_weight(n, k, 0.25, ++seed);
    Tensor made(DType::kF32, tensor.shape());
    const auto from = tensor.data<float>();
    for (std::size_t i = 0; i < keep.size(); ++i)
      made.mutable_data<float>()[i] = keep[i] == 0 ? 0.0f : from[i];
    tensor = made;
  }
  return model;
}

std::shared_ptr<const PreparedModel> prepare_pruned(const Family& family,
                                                    const std::string& precision, bool sparse) {
  graph::Model model = pruned(family);
  model.quantization.precision = from_name<graph::Precision>(precision);
  return prepare(std::move(model), {.sparse = sparse});
}

std::vector<float> encode_on(const std::shared_ptr<const PreparedModel>& prepared,
                             int threads = 1) {
  Session session(prepared, "encoder", {{"B", 2}, {"T", 400}}, {}, machine_of(threads));
  const auto x = random_floats(session.input("eeg_data").size(), 5);
  std::copy(x.begin(), x.end(), session.input("eeg_data").begin());
  session.run();
  const std::int64_t before = allocation_count();
  session.run();
  EXPECT_EQ(allocation_count(), before);
  const auto y = session.output("encoder_output");
  return {y.begin(), y.end()};
}

class SparseFamily : public testing::TestWithParam<Family> {};
NEST_EVERY_FAMILY(SparseFamily);

TEST_P(SparseFamily, leaving_zeros_out_changes_no_int8_bit_and_little_of_fp32) {
  const auto dense = prepare_pruned(GetParam(), "int8", false);
  const auto sparse = prepare_pruned(GetParam(), "int8", true);
  // Matrices this small lie near, where zeros may be the faster way.
  EXPECT_THAT(sparse->report("encoder", {{"B", 1}, {"T", 400}}, {"lengths"}),
              AnyOf(HasSubstr("int8 sparse"), HasSubstr("int8 with its zeros")));
  EXPECT_EQ(encode_on(sparse), encode_on(dense));
  EXPECT_EQ(encode_on(sparse, 3), encode_on(dense));
  EXPECT_LT(sparse->file_bytes(), dense->file_bytes());
  const auto exact = encode_on(prepare_pruned(GetParam(), "fp32", false));
  const auto skipped = encode_on(prepare_pruned(GetParam(), "fp32", true));
  ASSERT_EQ(exact.size(), skipped.size());
  for (std::size_t i = 0; i < exact.size(); ++i) ASSERT_NEAR(exact[i], skipped[i], 1e-4) << i;
  EXPECT_EQ(encode_on(prepare_pruned(GetParam(), "fp32", true), 3), skipped);
}

TEST_P(SparseFamily, a_prepared_file_keeps_the_zeros_out) {
  const test::TempDir dir;
  for (const char* precision : {"fp32", "int8"}) {
    const auto made = prepare_pruned(GetParam(), precision, true);
    made->save(dir / "m.prepared");
    const auto opened = PreparedModel::open(dir / "m.prepared");
    EXPECT_EQ(encode_on(opened), encode_on(made)) << precision;
    EXPECT_EQ(opened->weight_bytes(), made->weight_bytes());
  }
}

TEST(SparseModel, dense_weights_stay_dense) {
  EXPECT_THAT(prepare(kFamilies[0], "int8")->report("encoder", {{"B", 1}, {"T", 400}}, {"lengths"}),
              Not(HasSubstr("sparse")));
}

}  // namespace
}  // namespace nest::runtime
