#include "nest/text/score_report.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "tests/support/temp_dir.h"

namespace nest::text {
namespace {

using testing::HasSubstr;

std::vector<TextPair> pairs() {
  return {{{"a b c d"}, "a b c d"}, {{"a b"}, "a x"}, {{"c d e"}, "c d"}, {{"f"}, "f"}};
}

BootstrapOptions few() {
  BootstrapOptions bootstrap;
  bootstrap.replicates = 200;
  return bootstrap;
}

TEST(ScoreReport, holds_the_corpus_score_intervals_and_every_utterance) {
  const auto all = pairs();
  const ScoreReport report = score_texts(all, {}, few());
  EXPECT_DOUBLE_EQ(report.score.wer(), 0.2);
  ASSERT_EQ(report.utterances.size(), all.size());
  EXPECT_EQ(report.utterances[1].words.errors(), 1);
  EXPECT_FALSE(report.by_group.has_value());
  const Json json = to_json(report);
  EXPECT_EQ(json.at("schema"), "nest.score/1");
  EXPECT_FALSE(json.at("intervals").contains("by"));
  EXPECT_EQ(json.at("signatures").at("wer"), signatures({}, 1).at("wer"));
}

TEST(ScoreReport, groups_are_resampled_as_a_whole) {
  const std::vector<std::string> groups{"s1", "s2", "s2", "s1"};
  const auto all = pairs();
  const ScoreReport report = score_texts(all, {}, few(), groups);
  EXPECT_EQ((*report.by_group)[Metric::kWer].units, 2u);
  EXPECT_EQ(report.by_utterance[Metric::kWer].units, 4u);
  EXPECT_THAT(score_text(report), HasSubstr("by group ["));
  EXPECT_THROW(score_texts(all, {}, few(), std::span(groups).first(3)), Error);
}

TEST(ScoreReport, the_number_of_threads_changes_nothing) {
  const auto all = pairs();
  BootstrapOptions bootstrap = few();
  bootstrap.threads = 1;
  const ScoreReport one = score_texts(all, {}, bootstrap);
  bootstrap.threads = 3;
  const ScoreReport three = score_texts(all, {}, bootstrap);
  EXPECT_EQ(score_text(one), score_text(three));
  EXPECT_EQ(to_json(one).at("intervals"), to_json(three).at("intervals"));
}

TEST(ScoreReport, files_of_lines_are_pairs_and_must_be_equally_long) {
  const test::TempDir dir;
  const std::string hyp = (dir / "hyp.txt").string(), ref = (dir / "ref.txt").string();
  std::ofstream(hyp) << "a b\n\nc\n";
  std::ofstream(ref) << "a x\n\nc d e\n";
  const std::vector<std::string> references{ref, ref};
  const auto pairs = read_text_pairs(hyp, references);
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(pairs[2].hypothesis, "c");
  EXPECT_EQ(pairs[2].references, (std::vector<std::string>{"c d e", "c d e"}));
  const ScoreReport report = score_texts(pairs, {}, few());
  EXPECT_THAT(worst_alignments(pairs, report.utterances, 1), HasSubstr("line 3: 2 word errors"));
  EXPECT_EQ(worst_alignments(pairs, report.utterances, 0), "");
  std::ofstream(ref) << "one\n";
  EXPECT_THROW(read_text_pairs(hyp, references), Error);
}

TEST(ScoreReport, a_line_that_cannot_be_scored_is_named) {
  auto all = pairs();
  all[2].hypothesis = "\xff";
  try {
    score_texts(all, {}, few());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("line 3"));
  }
}

}  // namespace
}  // namespace nest::text
