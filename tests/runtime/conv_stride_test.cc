#include <algorithm>

#include <gtest/gtest.h>

#include "kernels_test_util.h"
#include "nest/graph/model.h"
#include "nest/runtime/session.h"

/// A strided convolution is the one of stride 1 with the samples between left out.
namespace nest::runtime {
namespace {

struct StrideCase {
  int channels, outputs, kernel_s, kernel_t, dilation, stride, left, right, groups, time;
};
constexpr StrideCase kStrideCases[] = {
    {1, 12, 1, 384, 1, 16, 192, 191, 1, 640},  // a bank of filters, as FilterBank has it
    {8, 5, 1, 4, 1, 3, 0, 0, 1, 50},          {8, 6, 2, 5, 3, 4, 7, 2, 2, 61},
    {4, 3, 1, 1, 1, 2, 0, 0, 1, 17},          {5, 17, 3, 2, 1, 7, 1, 5, 1, 30},
};

graph::Model model_of(const StrideCase& c, bool is_dense) {
  graph::Model model;
  graph::Graph graph;
  graph.name = "block";
  using graph::Dim;
  const auto x =
      graph.add_input("x", DType::kF32, {Dim::symbol("B"), c.channels, 3, Dim::symbol("T")}, 3);
  const graph::Conv op{.in_channels = c.channels,
                       .out_channels = c.outputs * c.groups,
                       .kernel_s = c.kernel_s,
                       .kernel_t = c.kernel_t,
                       .stride_t = is_dense ? 1 : c.stride,
                       .dilation_t = c.dilation,
                       .pad_left = c.left,
                       .pad_right = c.right,
                       .groups = c.groups,
                       .is_2d = true};
  graph.add_output("y", graph.add_node("conv", op, {x}, {{"w"}, {"b"}})[0]);
  model.graphs.emplace("block", std::move(graph));
  const Shape shape{op.out_channels, op.in_channels / op.groups, op.kernel_s, op.kernel_t};
  Tensor weight(DType::kF32, shape), bias(DType::kF32, {op.out_channels});
  std::ranges::copy(random_floats(static_cast<std::size_t>(weight.numel()), 1),
                    weight.mutable_data<float>().begin());
  std::ranges::copy(random_floats(static_cast<std::size_t>(bias.numel()), 2),
                    bias.mutable_data<float>().begin());
  model.weights["w"] = std::move(weight);
  model.weights["b"] = std::move(bias);
  return model;
}

struct Output {
  std::vector<float> values;
  std::int64_t rows = 0, time = 0;
};
Output run(graph::Model model, const StrideCase& c, Isa isa, int threads, bool is_int8) {
  if (is_int8) {
    model.quantization.precision = graph::Precision::kInt8;
    model.quantization.activations["conv"] = {3.0f / 127};
  }
  const MachineOptions machine{.isa = std::string(name_of(isa)), .threads = threads};
  Session session(prepare(std::move(model)), "block", {{"B", 2}, {"T", c.time}}, {},
                  std::make_shared<Machine>(machine));
  std::ranges::copy(random_floats(session.input("x").size(), 3), session.input("x").begin());
  session.run();
  const auto y = session.output("y");
  const std::int64_t time = session.shape("y").back();
  return {{y.begin(), y.end()}, static_cast<std::int64_t>(y.size()) / time, time};
}

class Strided : public EveryIsa {};
NEST_EVERY_ISA(Strided);

TEST_P(Strided, has_the_bits_of_every_stride_th_sample_of_stride_1) {
  for (const StrideCase& c : kStrideCases)
    for (const int threads : {1, 3})
      for (const bool is_int8 : {false, true}) {
        const Output dense = run(model_of(c, true), c, GetParam(), 1, is_int8);
        const Output strided = run(model_of(c, false), c, GetParam(), threads, is_int8);
        ASSERT_EQ(strided.rows, dense.rows);
        ASSERT_EQ(strided.time, (dense.time - 1) / c.stride + 1);
        for (std::int64_t r = 0; r < dense.rows; ++r)
          for (std::int64_t t = 0; t < strided.time; ++t)
            ASSERT_EQ(strided.values[static_cast<std::size_t>(r * strided.time + t)],
                      dense.values[static_cast<std::size_t>(r * dense.time + t * c.stride)])
                << c.kernel_t << " taps, row " << r << ", sample " << t << ", " << threads
                << " threads, int8 " << is_int8;
      }
}

}  // namespace
}  // namespace nest::runtime
