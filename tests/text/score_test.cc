#include "nest/text/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::text {
namespace {

CorpusScore score_of(const std::vector<TextPair>& pairs) {
  std::vector<UtteranceScore> scores;
  for (const TextPair& pair : pairs) scores.push_back(score_utterance(pair, {}));
  return sum_scores(scores, pairs);
}

TEST(Score, empty_sides_are_defined_and_counted) {
  const CorpusScore nothing = score_of({{{""}, ""}});
  EXPECT_EQ(nothing.wer(), 0);
  EXPECT_EQ(nothing.empty_references, 1u);
  EXPECT_EQ(nothing.empty_hypotheses, 1u);
  EXPECT_EQ(nothing.exact, 1u);
  const CorpusScore spurious = score_of({{{""}, "a b"}});
  EXPECT_TRUE(std::isnan(spurious.wer()));
  EXPECT_EQ(spurious.undefined_wer, 1u);
  EXPECT_TRUE(to_json(spurious, {}).at("wer").at("value").is_null());
  const CorpusScore mixed = score_of({{{""}, "a b"}, {{"c d"}, "c d"}});
  EXPECT_EQ(mixed.wer(), 1.0);  // two insertions over two reference words
  EXPECT_EQ(mixed.utterance_mean_wer, 0.0);
}

TEST(Score, corpus_rate_and_utterance_mean_differ_and_have_their_own_names) {
  const CorpusScore score = score_of({{{"a"}, "b"}, {{"a b c d"}, "a b c d"}});
  EXPECT_DOUBLE_EQ(score.wer(), 0.2);
  EXPECT_DOUBLE_EQ(score.utterance_mean_wer, 0.5);
  const Json json = to_json(score, {});
  EXPECT_DOUBLE_EQ(json.at("wer").at("percent").get<double>(), 20);
  EXPECT_DOUBLE_EQ(json.at("utterance_mean").at("wer").get<double>(), 0.5);
}

TEST(Score, several_references_count_against_the_best_one) {
  const UtteranceScore score = score_utterance({{"x y z", "a b d"}, "a b c"}, {});
  EXPECT_EQ(score.words.errors(), 1);
  EXPECT_EQ(score.words.reference_length(), 3);
  EXPECT_FALSE(score.exact);
  EXPECT_TRUE(score_utterance({{"x", "a"}, "a"}, {}).exact);
  EXPECT_THROW(score_utterance({{}, "a"}, {}), Error);
}

TEST(Score, normalisation_and_case_are_options_and_part_of_the_signature) {
  const TextPair pair{{"Caf\xC3\xA9"}, "cafe\xCC\x81"};
  EXPECT_FALSE(score_utterance(pair, {}).exact);
  ScoreOptions options;
  options.normalization = Normalization::kNfc;
  options.lowercase = true;
  EXPECT_TRUE(score_utterance(pair, options).exact);
  const auto lines = signatures(options, 2);
  EXPECT_EQ(lines.at("wer"), "wer|corpus|unit:word|split:whitespace|refs:2-best|case:lc|norm:nfc");
  EXPECT_EQ(lines.at("bleu"), "bleu|refs:2|case:lc|eff:no|tok:none|smooth:none|order:4|norm:nfc");
  EXPECT_NE(lines.at("utterance_mean_wer"), lines.at("wer"));
}

TEST(Score, statistics_of_the_column_sums_are_the_corpus_values) {
  const std::vector<TextPair> pairs{{{"a b c d e"}, "a b x d e"}, {{"f g h i"}, "f g h i j"}};
  std::vector<UtteranceScore> scores;
  for (const TextPair& pair : pairs) scores.push_back(score_utterance(pair, {}));
  const CorpusScore total = sum_scores(scores, pairs);
  const auto sums = count_table(scores).sums();
  EXPECT_EQ(wer_statistic()(sums), total.wer());
  EXPECT_EQ(cer_statistic()(sums), total.cer());
  EXPECT_EQ(exact_statistic()(sums), total.exact_rate());
  EXPECT_EQ(bleu_statistic({})(sums), bleu_score(total.bleu, {}).score);
}

TEST(Score, alignments_print_in_columns) {
  EXPECT_EQ(format_alignment({"the", "naïve", "fox"}, {"the", "nave", "red", "fox"}),
            "ref: the *    naïve fox\nhyp: the nave red   fox\n         I    S");
  EXPECT_EQ(format_alignment({"a"}, {}), "ref: a\nhyp: *\n     D");
  EXPECT_EQ(format_alignment({}, {}), "ref:\nhyp:\n");
}

}  // namespace
}  // namespace nest::text
