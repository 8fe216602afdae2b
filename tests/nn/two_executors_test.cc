#include <set>

#include <gtest/gtest.h>

#include "nest/nn/tensor.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/isa.h"
#include "node_cases.h"

namespace nest::nn {
namespace {

/// These take integers, not normal numbers: mode_test.cc and the runtime's session_test.cc run
/// tokens, streaming_test.cc counts frames.
const std::set<std::string_view> kWithoutCase{"embedding", "count_frames"};

TEST(NodeCases, cover_every_kind) {
  std::set<std::string_view> covered;
  for (const NodeCase& item : node_cases()) covered.insert(kind_name(item.op));
  const auto expect_case = [&]<std::size_t... I>(std::index_sequence<I...>) {
    for (const std::string_view kind : {kind_name(graph::Op(std::in_place_index<I>))...}) {
      EXPECT_EQ(covered.count(kind) + kWithoutCase.count(kind), 1U)
          << "add a case for '" << kind << "' to node_cases.h";
    }
  };
  expect_case(std::make_index_sequence<std::variant_size_v<graph::Op>>());
}

class TwoExecutors : public ::testing::TestWithParam<NodeCase> {};

/// Largest |a - b| over 1 + |b|.
double relative_distance(const torch::Tensor& a, const torch::Tensor& b) {
  if (a.sizes() != b.sizes()) return INFINITY;
  if (a.numel() == 0) return 0;
  return ((a - b).abs() / (1 + b.abs())).max().item<double>();
}

TEST_P(TwoExecutors, agree_on_every_instruction_set) {
  const NodeCase& item = GetParam();
  const graph::Model model = one_node(item.op, item.inputs);
  TensorMap inputs;
  for (const auto& [name, x] : inputs_of(item, 2, 9, torch::kFloat32)) {
    inputs.emplace(name, from_torch(x));
  }
  const TensorMap expected = TorchExecutor(model).run("block", inputs);
  const auto prepared = runtime::prepare(model);
  for (const runtime::Isa isa : runtime::available_isas()) {
    runtime::NativeExecutor native(prepared,
                                   runtime::MachineOptions{.isa = std::string(name_of(isa))});
    const TensorMap found = native.run("block", inputs);
    for (const auto& [name, want] : expected) {
      EXPECT_LT(relative_distance(to_torch(found.at(name)), to_torch(want)), 2e-6)
          << name << " on " << name_of(isa);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryKind, TwoExecutors, ::testing::ValuesIn(node_cases()), case_name);

}  // namespace
}  // namespace nest::nn
