#include "nest/decode/neural_lm.h"

#include <gtest/gtest.h>

#include "fakes.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/decode/decoder.h"
#include "nest/graph/factory.h"

namespace nest::decode {
namespace {

graph::Model small_lm(int vocab, int layers = 1) {
  return graph::build_model(
      "nest_lm", Config::parse(fmt::format("vocab_size: {}\nembedding_dim: 3\nhidden_dim: 2\n"
                                           "num_layers: {}\nsos_id: 0\neos_id: 0\n",
                                           vocab, layers)));
}

/// Runs the graph "lm" as a table: h carries the prefix number of fakes::next_prefix.
class TableExecutor final : public graph::Executor {
 public:
  TableExecutor() : model_(small_lm(4)) {}
  const graph::Model& model() const override { return model_; }
  std::string describe() const override { return "table"; }
  std::int64_t weight_bytes() const override { return 0; }
  TensorMap run(std::string_view, const TensorMap& inputs) override {
    const auto tokens = inputs.at("tokens").data<std::int64_t>();
    const auto h = inputs.at("h").data<float>();
    const auto n = static_cast<std::int64_t>(tokens.size());
    Tensor next(DType::kF32, {1, n, 2});
    Tensor log_probs(DType::kF32, {n, 1, 4});
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto prefix =
          fakes::next_prefix(static_cast<std::int64_t>(h[2 * i]), static_cast<TokenId>(tokens[i]));
      next.mutable_data<float>()[2 * i] = static_cast<float>(prefix);
      for (TokenId v = 0; v < 4; ++v) {
        log_probs.mutable_data<float>()[4 * i + static_cast<std::size_t>(v)] =
            -std::abs(fakes::logit_of(77, prefix, 0, v));
      }
      ++rows_run;
    }
    return {{"log_probs", log_probs}, {"h_n", next}, {"c_n", Tensor(DType::kF32, {1, n, 2})}};
  }
  int rows_run = 0;

 private:
  graph::Model model_;
};

std::shared_ptr<const Fusion> fusion_of(graph::Executor& executor) {
  FusionParts parts;
  parts.lm = make_neural_lm(executor);
  parts.lm_weight = 0.6;
  return std::make_shared<Fusion>(parts);
}

/// Shallow fusion with an unbounded beam is rescoring of everything.
void expect_fusion_equals_rescoring(const SearchSpace& space, const DecodeOptions& options,
                                    std::span<const float> frames) {
  TableExecutor executor;
  auto expected = BeamSearchDecoder(space, options).decode(frames);
  rescore(expected, *make_neural_lm(executor), 0.6);
  const auto fused = BeamSearchDecoder(space, options, fusion_of(executor)).decode(frames);
  ASSERT_EQ(fused.size(), expected.size());
  for (std::size_t i = 0; i < fused.size(); ++i) {
    EXPECT_EQ(fused[i].tokens, expected[i].tokens);
    EXPECT_NEAR(fused[i].score, expected[i].score, 1e-6);
    EXPECT_NEAR(fused[i].lm_log_prob, expected[i].lm_log_prob, 1e-6);
  }
}

TEST(NeuralLm, fusion_in_an_unbounded_beam_equals_rescoring_everything) {
  DecodeOptions options;
  options.beam_size = options.nbest = 3000;
  options.max_symbols = 2;
  Rng rng(4);
  expect_fusion_equals_rescoring({.family = graph::Family::kCtc, .vocab_size = 4}, options,
                                 fakes::random_log_probs(rng, 5, 4));
  fakes::FakeTransducer scorer(9, 4);
  SearchSpace space{.family = graph::Family::kTransducer, .vocab_size = 4};
  space.transducer = &scorer;
  expect_fusion_equals_rescoring(space, options, fakes::frame_numbers(3));
}

TEST(NeuralLm, a_narrow_beam_runs_each_surviving_prefix_once) {
  TableExecutor executor;
  const auto fusion = fusion_of(executor);
  DecodeOptions options;
  options.beam_size = 3;
  Rng rng(5);
  BeamSearchDecoder decoder({.family = graph::Family::kCtc, .vocab_size = 4}, options, fusion);
  decoder.decode(fakes::random_log_probs(rng, 50, 4));
  EXPECT_LE(executor.rows_run, 1 + 3 * 50);
}

TEST(NeuralLm, the_graph_is_valid_and_its_weights_can_be_initialised) {
  graph::Model model = small_lm(20, 2);
  Rng rng(1);
  graph::initialize_weights(model, rng);
  EXPECT_NO_THROW(graph::validate(model.graph("lm"), &model.weights));
  EXPECT_TRUE(model.graph("lm").is_stateful());
  EXPECT_EQ(model.family, graph::Family::kLanguage);
  EXPECT_THROW(graph::build_model("nest_lm", Config::parse("vocab_size: 3\nembedding_dim: 2\n"
                                                           "hidden_dim: 2\neos_id: 3\n")),
               Error);
}

TEST(NeuralLm, rescoring_needs_a_list_to_rank) {
  DecodeOptions options;
  options.beam_size = 4;
  options.rescore_lm = "model.arpa";
  EXPECT_THROW(validate(options), Error);
  options.nbest = 4;
  EXPECT_NO_THROW(validate(options));
}

}  // namespace
}  // namespace nest::decode
