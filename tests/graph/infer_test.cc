#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/graph/graph.h"
#include "tests/support/error_of.h"

namespace nest::graph {
namespace {

using ::testing::HasSubstr;

const Dim kBatch = Dim::symbol("B");
const Dim kTime = Dim::symbol("T");
const Dim kU = Dim::symbol("U");

Value value(DimShape shape, int time_axis = -1, DType dtype = DType::kF32) {
  return {"x", dtype, std::move(shape), time_axis};
}

std::string error_of(const Op& op, const std::vector<const Value*>& inputs) {
  return test::error_of([&] { infer(op, inputs); });
}

TEST(Infer, convolution_frames_follow_padding_kernel_stride_and_dilation) {
  const Value x = value({kBatch, 4, kTime}, 2);
  const Conv conv{.in_channels = 4,
                  .out_channels = 6,
                  .kernel_t = 5,
                  .stride_t = 2,
                  .dilation_t = 3,
                  .pad_left = 4,
                  .pad_right = 1,
                  .groups = 2};
  const auto out = infer(conv, {&x});
  ASSERT_EQ(out.size(), 1U);
  for (std::int64_t t = 9; t < 40; ++t) {
    std::int64_t windows = 0;  // places where the 13 samples under the kernel fit
    for (std::int64_t first = -4; first + 13 <= t + 1; first += 2) ++windows;
    EXPECT_EQ(out[0].shape[2].eval({{"T", t}}), windows) << "T = " << t;
  }
  EXPECT_EQ(out[0].time_axis, 2);
  EXPECT_THAT(error_of(Conv{.in_channels = 3, .out_channels = 6}, {&x}), HasSubstr("must be 3"));
}

TEST(Infer, electrodes_are_summed_away_by_a_full_height_kernel) {
  const Value x = value({kBatch, 1, 8, kTime}, 3);
  const auto out =
      infer(Conv{.in_channels = 1, .out_channels = 4, .kernel_s = 8, .is_2d = true}, {&x});
  EXPECT_EQ(out[0].shape, (DimShape{kBatch, 4, 1, kTime}));
  EXPECT_THAT(
      error_of(Conv{.in_channels = 1, .out_channels = 4, .kernel_s = 9, .is_2d = true}, {&x}),
      HasSubstr("larger than 8"));
}

TEST(Infer, recurrent_layers_double_the_width_when_bidirectional) {
  const Value x = value({kBatch, kTime, 3}, 1);
  const auto out = infer(Lstm{3, 5, 2, true, 0.0}, {&x});
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[0].shape, (DimShape{kBatch, kTime, 10}));
  EXPECT_EQ(out[1].shape, (DimShape{4, kBatch, 5}));
  EXPECT_EQ(out[0].time_axis, 1);
  EXPECT_EQ(out[1].time_axis, -1);
  EXPECT_EQ(infer(Gru{3, 5, 2, true, 0.0}, {&x}).size(), 2U);
}

TEST(Infer, attention_checks_masks_and_marks_time_of_queries_and_keys) {
  const Value q = value({kBatch, kU, 8});
  const Value k = value({kBatch, kTime, 8}, 1);
  const Value mask = value({kBatch, kU, kTime}, -1, DType::kBool);
  const Attention op{.embed_dim = 8, .num_heads = 2};
  const auto out = infer(op, {&q, &k, &k, &mask, nullptr});
  EXPECT_EQ(out[0].shape, (DimShape{kBatch, kU, 8}));
  EXPECT_EQ(out[0].time_axis, -1);
  EXPECT_EQ(out[1].shape, (DimShape{kBatch, 2, kU, kTime}));
  EXPECT_EQ(out[1].time_axis, 3);
  const Value wrong = value({kBatch, kTime, kU}, -1, DType::kBool);
  EXPECT_THAT(error_of(op, {&q, &k, &k, &wrong}), HasSubstr("(queries) must be U"));
  EXPECT_THAT(error_of(Attention{.embed_dim = 8, .num_heads = 3}, {&q, &k, &k}),
              HasSubstr("3 heads do not divide 8 features"));
}

TEST(Infer, broadcasting_keeps_the_time_axis_of_the_joint_network) {
  const Value encoder = value({kBatch, kTime, 1, 16}, 1);
  const Value predictor = value({kBatch, 1, kU, 16});
  const auto out = infer(Add{}, {&encoder, &predictor});
  EXPECT_EQ(out[0].shape, (DimShape{kBatch, kTime, kU, 16}));
  EXPECT_EQ(out[0].time_axis, 1);
  const Value other = value({kBatch, kTime, 3, 16});
  EXPECT_THAT(error_of(Add{}, {&predictor, &other}), HasSubstr("do not broadcast"));
}

TEST(Infer, layout_kinds_move_the_time_axis) {
  const Value x = value({kBatch, 16, 1, kTime}, 3);
  const auto squeezed = infer(Squeeze{2}, {&x});
  EXPECT_EQ(squeezed[0].time_axis, 2);
  const Value y = value(squeezed[0].shape, 2);
  const auto permuted = infer(Permute{{0, 2, 1}}, {&y});
  EXPECT_EQ(permuted[0].shape, (DimShape{kBatch, kTime, 16}));
  EXPECT_EQ(permuted[0].time_axis, 1);
  EXPECT_EQ(infer(Unsqueeze{1}, {&y})[0].time_axis, 3);
  EXPECT_THAT(error_of(Permute{{0, 1, 1}}, {&y}), HasSubstr("not a permutation"));
  EXPECT_THAT(error_of(Squeeze{1}, {&y}), HasSubstr("must be 1"));
}

TEST(Infer, slices_count_from_either_end) {
  const Value h = value({4, kBatch, 5});
  EXPECT_EQ(infer(Slice{0, -1, 0}, {&h})[0].shape, (DimShape{1, kBatch, 5}));
  EXPECT_EQ(infer(Slice{0, 1, 3}, {&h})[0].shape, (DimShape{2, kBatch, 5}));
  EXPECT_THAT(error_of(Slice{0, 2, 6}, {&h}), HasSubstr("does not fit"));
  const Value x = value({kBatch, kTime, 5}, 1);
  EXPECT_EQ(infer(Slice{1, 3, 0}, {&x})[0].shape, (DimShape{kBatch, kTime - 3, 5}));
  EXPECT_THAT(error_of(Slice{1, -1, 0}, {&x}), HasSubstr("padded batch"));
}

TEST(Infer, wrong_types_and_missing_inputs_are_named) {
  const Value x = value({kBatch, kTime});
  EXPECT_THAT(error_of(Embedding{10, 4}, {&x}), HasSubstr("must be int64"));
  EXPECT_THAT(error_of(Linear{3, 4}, {nullptr}), HasSubstr("is missing"));
  EXPECT_THAT(error_of(Add{}, {&x}), HasSubstr("expects 2 inputs, got 1"));
}

}  // namespace
}  // namespace nest::graph
