// Vectors beside the Python project: its textbook ("standard") values are what is computed here.
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/text/score.h"
#include "tests/support/paths.h"

namespace nest::text {
namespace {

constexpr double kParityTolerance = 1e-9;

class ScoreParity : public testing::Test {
 protected:
  void SetUp() override {
    const auto path = test::parity_folder("metrics") / "metrics.json";
    data_ = load_json(path);
    for (const Json& pair : data_.at("pairs")) {
      pairs_.push_back(
          {{pair.at("reference").get<std::string>()}, pair.at("hypothesis").get<std::string>()});
      scores_.push_back(score_utterance(pairs_.back(), {}));
    }
  }
  Json data_;
  std::vector<TextPair> pairs_;
  std::vector<UtteranceScore> scores_;
};

TEST_F(ScoreParity, distances_and_lengths_of_every_pair_agree) {
  ASSERT_GT(pairs_.size(), 30u);
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const Json& pair = data_.at("pairs")[i];
    EXPECT_EQ(scores_[i].words.errors(), pair.at("word_distance").get<std::int64_t>());
    EXPECT_EQ(scores_[i].words.reference_length(), pair.at("ref_words").get<std::int64_t>());
    EXPECT_EQ(scores_[i].characters.errors(), pair.at("char_distance").get<std::int64_t>());
    EXPECT_EQ(scores_[i].characters.reference_length(), pair.at("ref_chars").get<std::int64_t>());
  }
}

void expect_value(const Json& expected, double value, const std::string& what) {
  if (expected.is_string()) {
    EXPECT_TRUE(std::isnan(value)) << what << " should be undefined";
  } else {
    EXPECT_NEAR(value, expected.get<double>(), kParityTolerance) << what;
  }
}

TEST_F(ScoreParity, corpus_values_are_the_standard_ones_by_default) {
  for (const Json& corpus : data_.at("corpora")) {
    std::vector<UtteranceScore> scores;
    std::vector<TextPair> pairs;
    for (const Json& index : corpus.at("indices")) {
      scores.push_back(scores_.at(index.get<std::size_t>()));
      pairs.push_back(pairs_.at(index.get<std::size_t>()));
    }
    const CorpusScore total = sum_scores(scores, pairs);
    const Json& standard = corpus.at("standard");
    const auto name = corpus.at("name").get<std::string>();
    expect_value(standard.at("wer"), total.wer(), name + " wer");
    expect_value(standard.at("cer"), total.cer(), name + " cer");
    expect_value(standard.at("bleu"), bleu_score(total.bleu, {}).fraction, name + " bleu");
  }
}

TEST_F(ScoreParity, several_references_use_the_closest_length) {
  const Json& multi = data_.at("multi_reference");
  BleuStats total;
  for (std::size_t i = 0; i < multi.at("items").size(); ++i) {
    const Json& item = multi.at("items")[i];
    const auto references = item.at("references").get<std::vector<std::string>>();
    const BleuStats stats = bleu_stats(references, item.at("hypothesis").get<std::string>(), {});
    EXPECT_NEAR(bleu_score(stats, {}).fraction,
                multi.at("per_item")[i].at("standard_bleu").get<double>(), kParityTolerance);
    total += stats;
  }
  EXPECT_NEAR(bleu_score(total, {}).fraction, multi.at("standard_bleu").get<double>(),
              kParityTolerance);
}

TEST_F(ScoreParity, perplexity_agrees) {
  const Json& entry = data_.at("perplexity");
  double sum = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < entry.at("lengths").size(); ++i) {
    const auto length = entry.at("lengths")[i].get<std::size_t>();
    for (std::size_t t = 0; t < length; ++t) sum += entry.at("log_probs")[i][t].get<double>();
    tokens += static_cast<std::int64_t>(length);
  }
  EXPECT_NEAR(perplexity(sum, tokens), entry.at("value").get<double>(), kParityTolerance);
  EXPECT_TRUE(std::isnan(perplexity(0, 0)));
}

}  // namespace
}  // namespace nest::text
