#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/one_node.h"

namespace nest::test {

/// A node kind with inputs to try it on.
struct NodeCase {
  std::string name;
  graph::Op op;
  std::vector<TestInput> inputs;
};

/// Every node kind, with the variants that take another path; sizes are tiny (batch 2, T 9).
inline std::vector<NodeCase> node_cases() {
  using namespace graph;  // NOLINT: a table of node kinds
  const Dim b = batch();
  const Dim t = frames();
  const auto btd = [&](std::int64_t d, std::string name = "x") {
    return TestInput{std::move(name), {b, t, d}, 1};
  };
  const auto bct = [&](std::int64_t c) { return TestInput{"x", {b, c, t}, 2}; };
  const TestInput state{"h", {Dim(4), b, Dim(3)}};
  TestInput cell = state;
  cell.name = "c";
  const auto query = [&](std::int64_t d) { return TestInput{"q", {b, Dim(3), Dim(d)}}; };
  const auto attention = [](Attention::Kind kind) {
    Attention op{.kind = kind, .embed_dim = 4, .num_heads = 2};
    if (kind == Attention::Kind::kRelative) op.max_distance = 2;
    return op;
  };
  Attention local = attention(Attention::Kind::kSoftmax);
  local.left = 2;
  local.right = 1;
  Attention chunked = attention(Attention::Kind::kSoftmax);
  chunked.chunk = 3;
  chunked.left_chunks = 1;
  Attention causal_linear = attention(Attention::Kind::kLinear);
  causal_linear.right = 0;
  const std::vector<TestInput> self{btd(4, "q"), btd(4, "k"), btd(4, "v")};
  std::vector<NodeCase> cases{
      {"conv1d",
       Conv{.in_channels = 2, .out_channels = 3, .kernel_t = 3, .pad_left = 1, .pad_right = 1},
       {bct(2)}},
      {"conv1d_causal_strided",
       Conv{.in_channels = 2,
            .out_channels = 4,
            .kernel_t = 3,
            .stride_t = 2,
            .dilation_t = 2,
            .pad_left = 4,
            .groups = 2,
            .has_bias = false},
       {bct(2)}},
      {"conv1d_depthwise_long",
       Conv{.in_channels = 2,
            .out_channels = 4,
            .kernel_t = 6,
            .pad_left = 3,
            .pad_right = 2,
            .groups = 2},
       {bct(2)}},
      {"conv2d_temporal",
       Conv{.in_channels = 1,
            .out_channels = 3,
            .kernel_t = 5,
            .pad_left = 2,
            .pad_right = 3,
            .has_bias = false,
            .is_2d = true},
       {{"x", {b, Dim(1), Dim(2), t}, 3}}},
      {"conv2d_spatial",
       Conv{.in_channels = 2, .out_channels = 4, .kernel_s = 3, .groups = 2, .is_2d = true},
       {{"x", {b, Dim(2), Dim(3), t}, 3}}},
      {"batch_norm", BatchNorm{.channels = 2}, {bct(2)}},
      {"pool_mean", Pool{Pool::Kind::kMean, 3, 2}, {bct(2)}},
      {"pool_max", Pool{Pool::Kind::kMax, 2, 2}, {bct(2)}},
      {"glu", Glu{-1}, {btd(4)}},
      {"dropout", graph::Dropout{0.5}, {btd(3)}},
      {"linear", Linear{3, 2, true}, {btd(3)}},
      {"linear_no_bias", Linear{3, 2, false}, {btd(3)}},
      {"lstm",
       Lstm{.input_size = 2, .hidden_size = 3, .num_layers = 2, .bidirectional = true},
       {btd(2), state, cell}},
      {"lstm_no_state", Lstm{.input_size = 2, .hidden_size = 3}, {btd(2)}},
      {"gru",
       Gru{.input_size = 2, .hidden_size = 3, .num_layers = 2, .bidirectional = true},
       {btd(2), state}},
      {"gru_no_state", Gru{.input_size = 2, .hidden_size = 3}, {btd(2)}},
      {"attention", attention(Attention::Kind::kSoftmax), self},
      {"attention_local", local, self},
      {"attention_chunked", chunked, self},
      {"attention_cross",
       attention(Attention::Kind::kSoftmax),
       {query(4), btd(4, "k"), btd(4, "v")}},
      {"attention_relative", attention(Attention::Kind::kRelative), self},
      {"attention_linear", attention(Attention::Kind::kLinear), self},
      {"attention_linear_causal", causal_linear, self},
      {"additive", AdditiveAttention{3}, {query(3), btd(3, "k"), btd(2, "v")}},
      {"additive_location",
       AdditiveAttention{3},
       {query(3), btd(3, "k"), btd(2, "v"), {"location", {b, Dim(3), t, Dim(3)}, 2}}},
      {"location", LocationFeatures{2, 3}, {{"x", {b, Dim(3), t}, 2}}},
      {"layer_norm", graph::LayerNorm{4}, {btd(4)}},
      {"positional", PositionalEncoding{20, 3}, {btd(3)}},
      {"add", Add{}, {btd(3, "a"), btd(3, "b")}},
      {"mul", Mul{}, {btd(3, "a"), btd(3, "b")}},
      {"scale", Scale{-1.5}, {btd(3)}},
      {"concat", Concat{-1}, {btd(3, "a"), btd(2, "b")}},
      {"permute", Permute{{0, 2, 1}}, {btd(3)}},
      {"unsqueeze", Unsqueeze{1}, {btd(3)}},
      {"squeeze", Squeeze{1}, {{"x", {b, Dim(1), t, Dim(3)}, 2}}},
      {"slice", Slice{.axis = 1, .begin = 2, .end = 0}, {btd(3)}},
      {"slice_tail", Slice{.axis = -1, .begin = -2, .end = 0}, {btd(3)}},
      {"log_softmax", LogSoftmax{}, {btd(3)}},
      {"softmax", Softmax{}, {btd(3)}},
  };
  for (const EnumName& entry : enum_table(Activation{}).names) {
    const auto a = static_cast<Activation>(entry.value);
    cases.push_back({"activate_" + std::string(name_of(a)), Activate{a}, {btd(3)}});
  }
  return cases;
}

inline std::string case_name(const ::testing::TestParamInfo<NodeCase>& info) {
  return info.param.name;
}
inline void PrintTo(const NodeCase& item, std::ostream* out) {
  *out << item.name;
}

}  // namespace nest::test
