#include <filesystem>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/decode/decoder.h"
#include "nest/io/npy.h"
#include "tests/support/paths.h"

namespace nest::decode {
namespace {

const std::filesystem::path kFolder = test::parity_folder("beam_search");

/// logits[step][previous token] and attention[step][previous token], as the vectors define them.
/// State [1]: the step.
class TableScorer final : public StepScorer {
 public:
  TableScorer()
      : logits_(io::read_npy(kFolder / "logits.npy")),
        attention_(io::read_npy(kFolder / "attention.npy")) {}
  std::int64_t vocab_size() const override { return logits_.dim(2); }
  std::int64_t state_size() const override { return 1; }
  std::int64_t memory_dim() const override { return 1; }
  std::int64_t frames() const { return attention_.dim(2); }
  void begin(std::span<const float>, std::span<const std::int64_t>, std::int64_t) override {}
  void step(std::span<const TokenId> tokens, std::span<const std::int32_t>,
            std::span<const float> in, std::span<float> out, std::span<float> logits,
            std::span<float> attention) override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto row = static_cast<std::int64_t>(in[i]) * vocab_size() + tokens[i];
      copy_row(logits_, row, i, logits);
      copy_row(attention_, row, i, attention);
      out[i] = in[i] + 1;
    }
  }

 private:
  static void copy_row(const Tensor& table, std::int64_t row, std::size_t i, std::span<float> out) {
    const auto width = static_cast<std::size_t>(table.dim(2));
    const auto data = table.data<float>().subspan(static_cast<std::size_t>(row) * width, width);
    std::copy(data.begin(), data.end(), out.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
  Tensor logits_, attention_;
};

class BeamParity : public testing::Test {
 protected:
  void SetUp() override {
    expected_ = load_json(kFolder / "expected.json");
    scorer_ = std::make_unique<TableScorer>();
    space_.family = graph::Family::kAttention;
    space_.vocab_size = expected_["vocab_size"];
    space_.sos_id = expected_["sos"];
    space_.eos_id = expected_["eos"];
    space_.attention = scorer_.get();
    memory_.assign(static_cast<std::size_t>(scorer_->frames()), 0.0f);
  }

  DecodeOptions options_of(const Json& entry, int beam) const {
    DecodeOptions options;
    options.beam_size = beam;
    options.nbest = static_cast<int>(
        std::min<std::size_t>(entry[entry.contains("nbest") ? "nbest" : "exhaustive_nbest"].size(),
                              2 * static_cast<std::size_t>(beam)));
    options.length_penalty = entry["alpha"];
    options.coverage_penalty = entry.value("beta", 0.0);
    options.length_convention =
        from_name<LengthConvention>(entry.value("length_convention", "with_eos"));
    options.include_unfinished = entry.value("unfinished_included", false);
    options.min_length = entry["min_length"];
    options.max_length = expected_["max_length"];
    return options;
  }

  void expect_nbest(const Json& wanted, const std::vector<Hypothesis>& nbest) const {
    ASSERT_EQ(nbest.size(), wanted.size());
    for (std::size_t i = 0; i < nbest.size(); ++i) {
      std::vector<TokenId> tokens = nbest[i].tokens;
      if (nbest[i].finished) tokens.push_back(space_.eos_id);
      EXPECT_EQ(tokens, wanted[i]["tokens"].get<std::vector<TokenId>>());
      EXPECT_NEAR(nbest[i].log_prob, wanted[i]["log_prob"].get<double>(), 1e-6);
      EXPECT_NEAR(nbest[i].score, wanted[i]["score"].get<double>(), 1e-6);
      EXPECT_EQ(nbest[i].finished, wanted[i].value("finished", true));
    }
  }

  Json expected_;
  std::unique_ptr<TableScorer> scorer_;
  SearchSpace space_;
  std::vector<float> memory_;
};

TEST_F(BeamParity, greedy_equals_the_vector) {
  DecodeOptions options;
  options.max_length = expected_["max_length"];
  const auto nbest = GreedyDecoder(space_, options).decode(memory_);
  std::vector<TokenId> tokens = nbest[0].tokens;
  if (nbest[0].finished) tokens.push_back(space_.eos_id);
  EXPECT_EQ(tokens, expected_["greedy"]["tokens"].get<std::vector<TokenId>>());
  EXPECT_NEAR(nbest[0].log_prob, expected_["greedy"]["log_prob"].get<double>(), 1e-6);
}

TEST_F(BeamParity, unbounded_beam_equals_exhaustive_nbest_in_every_case) {
  ASSERT_EQ(expected_["cases"].size(), 16u);
  for (const Json& entry : expected_["cases"]) {
    SCOPED_TRACE(entry["alpha"].dump() + " " + entry["beta"].dump());
    const DecodeOptions options = options_of(entry, 10000);
    expect_nbest(entry["exhaustive_nbest"], BeamSearchDecoder(space_, options).decode(memory_));
  }
}

TEST_F(BeamParity, standard_beam_equals_the_vector_for_every_width) {
  ASSERT_GE(expected_["standard_beam"].size(), 30u);
  for (const Json& entry : expected_["standard_beam"]) {
    SCOPED_TRACE(entry["beam_size"].dump() + " " + entry["alpha"].dump());
    const DecodeOptions options = options_of(entry, entry["beam_size"]);
    expect_nbest(entry["nbest"], BeamSearchDecoder(space_, options).decode(memory_));
  }
}

}  // namespace
}  // namespace nest::decode
