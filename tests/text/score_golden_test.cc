// Against jiwer, sacrebleu and SciPy (tests/golden/text/make_golden.py).
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/text/score.h"
#include "tests/support/paths.h"

namespace nest::text {
namespace {

constexpr double kTolerance = 1e-9;

const Json& golden() {
  static const Json data = load_json(test::tests_dir() / "golden/text/scores.json");
  return data;
}

std::vector<std::int64_t> counts_of(const EditCounts& counts) {
  return {counts.substitutions, counts.deletions, counts.insertions, counts.hits};
}

std::vector<TextPair> golden_pairs() {
  std::vector<TextPair> pairs;
  for (const Json& entry : golden().at("pairs")) {
    pairs.push_back(
        {{entry.at("reference").get<std::string>()}, entry.at("hypothesis").get<std::string>()});
  }
  return pairs;
}

TEST(ScoreGolden, edit_counts_are_those_of_jiwer) {
  const auto pairs = golden_pairs();
  ASSERT_GT(pairs.size(), 200u);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Json& entry = golden().at("pairs")[i];
    const UtteranceScore score = score_utterance(pairs[i], {});
    EXPECT_EQ(counts_of(score.words), entry.at("words").get<std::vector<std::int64_t>>()) << entry;
    EXPECT_EQ(counts_of(score.characters), entry.at("characters").get<std::vector<std::int64_t>>())
        << entry;
  }
}

TEST(ScoreGolden, corpus_rates_are_those_of_jiwer) {
  const auto pairs = golden_pairs();
  for (const Json& entry : golden().at("corpora")) {
    const auto first = entry.at("first").get<std::size_t>();
    const std::span part(pairs.data() + first, entry.at("last").get<std::size_t>() - first);
    std::vector<UtteranceScore> scores;
    for (const TextPair& pair : part) scores.push_back(score_utterance(pair, {}));
    const CorpusScore total = sum_scores(scores, part);
    EXPECT_NEAR(total.wer(), entry.at("wer").get<double>(), kTolerance);
    EXPECT_NEAR(total.cer(), entry.at("cer").get<double>(), kTolerance);
    EXPECT_EQ(counts_of(total.words), entry.at("word_counts").get<std::vector<std::int64_t>>());
    EXPECT_EQ(counts_of(total.characters),
              entry.at("char_counts").get<std::vector<std::int64_t>>());
  }
}

BleuOptions options_of(const Json& entry) {
  BleuOptions options;
  options.tokenization = from_name<BleuTokenization>(entry.at("tokenize").get<std::string>());
  options.smoothing = from_name<BleuSmoothing>(entry.at("smooth_method").get<std::string>());
  options.effective_order = entry.at("effective_order").get<bool>();
  if (!entry.at("smooth_value").is_null()) {
    options.smooth_value = entry.at("smooth_value").get<double>();
  }
  return options;
}

TEST(ScoreGolden, bleu_is_that_of_sacrebleu_for_every_setting) {
  int checked = 0;
  for (const Json& corpus : golden().at("bleu")) {
    const auto hypotheses = corpus.at("hypotheses").get<std::vector<std::string>>();
    const auto references = corpus.at("references").get<std::vector<std::vector<std::string>>>();
    for (const Json& entry : corpus.at("scores")) {
      const BleuOptions options = options_of(entry);
      BleuStats stats;
      for (std::size_t i = 0; i < hypotheses.size(); ++i) {
        stats += bleu_stats(references[i], hypotheses[i], options);
      }
      const BleuScore score = bleu_score(stats, options);
      EXPECT_NEAR(score.score, entry.at("score").get<double>(), kTolerance) << entry;
      EXPECT_NEAR(score.fraction * 100, score.score, kTolerance);
      EXPECT_NEAR(score.brevity_penalty, entry.at("bp").get<double>(), kTolerance);
      EXPECT_EQ(stats.hypothesis_length, entry.at("sys_len").get<std::int64_t>());
      EXPECT_EQ(stats.reference_length, entry.at("ref_len").get<std::int64_t>());
      for (std::size_t n = 0; n < 4; ++n) {
        EXPECT_NEAR(score.precisions[n], entry.at("precisions")[n].get<double>(), kTolerance);
      }
      ++checked;
    }
  }
  EXPECT_GT(checked, 200);
}

TEST(ScoreGolden, tokens_13a_are_those_of_sacrebleu) {
  for (const Json& entry : golden().at("tokens_13a")) {
    EXPECT_EQ(bleu_tokens(entry.at("text").get<std::string>(), BleuTokenization::k13a),
              entry.at("tokens").get<std::vector<std::string>>())
        << entry;
  }
}

TEST(ScoreGolden, intervals_are_those_of_scipy_from_the_same_replicates) {
  const Json& entry = golden().at("bootstrap");
  const auto errors = entry.at("errors").get<std::vector<std::int64_t>>();
  const auto lengths = entry.at("lengths").get<std::vector<std::int64_t>>();
  CountTable table(2);
  for (std::size_t i = 0; i < errors.size(); ++i) {
    table.add_row(std::vector<std::int64_t>{errors[i], lengths[i]});
  }
  const Statistic ratio = wer_statistic();
  const double estimate = ratio(table.sums());
  const auto left_out = jackknife(table, ratio);
  const auto replicates = entry.at("replicates").get<std::vector<double>>();
  const Interval percentile =
      interval_from_replicates(replicates, estimate, {}, IntervalMethod::kPercentile, 0.95);
  EXPECT_NEAR(percentile.low, entry.at("percentile")[0].get<double>(), kTolerance);
  EXPECT_NEAR(percentile.high, entry.at("percentile")[1].get<double>(), kTolerance);
  EXPECT_NEAR(percentile.standard_error, entry.at("standard_error").get<double>(), kTolerance);
  const Interval bca =
      interval_from_replicates(replicates, estimate, left_out, IntervalMethod::kBca, 0.95);
  EXPECT_NEAR(bca.low, entry.at("BCa")[0].get<double>(), kTolerance);
  EXPECT_NEAR(bca.high, entry.at("BCa")[1].get<double>(), kTolerance);
}

TEST(ScoreGolden, normal_quantiles_are_those_of_scipy) {
  const Json& entry = golden().at("normal_quantile");
  for (std::size_t i = 0; i < entry.at("p").size(); ++i) {
    EXPECT_NEAR(normal_quantile(entry.at("p")[i].get<double>()), entry.at("x")[i].get<double>(),
                kTolerance);
  }
}

}  // namespace
}  // namespace nest::text
