#include "nest/decode/lm_text.h"

#include <cmath>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/decode/lm_files.h"
#include "nest/decode/ngram_train.h"
#include "nest/text/character_tokenizer.h"
#include "tests/support/temp_dir.h"

namespace nest::decode {
namespace {

using testing::ElementsAre;

std::shared_ptr<const NGram> bigram() {
  NGramTrainer trainer({.order = 2});
  for (const char* line : {"a b", "b a", "a a b"}) trainer.add_sentence(split_words(line));
  std::ostringstream out;
  trainer.write_arpa(out);
  return NGram::from_arpa(out.str(), "test");
}

TEST(LmSplitter, gives_words_characters_or_tokens) {
  EXPECT_THAT(LmSplitter(LmUnit::kWord)("ab  c"), ElementsAre("ab", "c"));
  EXPECT_THAT(LmSplitter(LmUnit::kChar)("ab c"), ElementsAre("a", "b", "\xE2\x96\x81", "c"));
  const auto tokenizer = text::CharacterTokenizer::train(std::vector<std::string>{"a b"}, {});
  EXPECT_THAT(LmSplitter(LmUnit::kToken, tokenizer)("a bz"),
              ElementsAre("a", "\xE2\x96\x81", "b", "<unk-token>"));
}

TEST(LmSplitter, a_tokenizer_goes_with_tokens_and_only_with_them) {
  EXPECT_THROW(LmSplitter(LmUnit::kToken), Error);
  const auto tokenizer = text::CharacterTokenizer::train(std::vector<std::string>{"a"}, {});
  EXPECT_THROW(LmSplitter(LmUnit::kWord, tokenizer), Error);
}

TEST(TextScore, sums_sentences_with_their_ends_and_counts_unknown_words) {
  const auto model = bigram();
  const TextScore known = score_sentence(*model, split_words("a b"));
  const TextScore unknown = score_sentence(*model, split_words("a x"));
  EXPECT_EQ(known.words, 3u);
  EXPECT_EQ(known.unknown, 0u);
  EXPECT_EQ(unknown.unknown, 1u);
  EXPECT_LT(unknown.log_prob, known.log_prob);
  TextScore total = known;
  total += unknown;
  EXPECT_EQ(total.words, 6u);
  EXPECT_DOUBLE_EQ(total.log_prob, known.log_prob + unknown.log_prob);
  EXPECT_DOUBLE_EQ(total.perplexity(), std::exp(-total.log_prob / 6));
  EXPECT_EQ(TextScore{}.perplexity(), 1);
}

TEST(LmFiles, a_model_trained_on_files_scores_their_lines) {
  const test::TempDir dir;
  const std::string text = (dir / "t.txt").string();
  write_text_file(text, "a b\n\nb a\na a b\n");
  const LmSplitter split(LmUnit::kWord);
  const auto report = train_lm(std::vector{text}, dir / "m.arpa", {.order = 2}, split);
  EXPECT_EQ(report.sentences, 3u);
  EXPECT_THAT(train_text(report), testing::HasSubstr("order 2: "));
  std::vector<std::string> lines;
  double sum = 0;
  const TextScore total = score_files(*NGram::load(dir / "m.arpa"), std::vector{text}, split,
                                      [&](const std::string& line, const TextScore& one) {
                                        lines.push_back(line);
                                        sum += one.log_prob;
                                      });
  EXPECT_THAT(lines, ElementsAre("a b", "", "b a", "a a b"));
  EXPECT_DOUBLE_EQ(total.log_prob, sum);
  EXPECT_EQ(to_json(total)["unknown_words"], 0);
}

TEST(LmFiles, stopped_training_writes_nothing) {
  const test::TempDir dir;
  const std::string text = (dir / "t.txt").string();
  write_text_file(text, "a b\n");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(train_lm(std::vector{text}, dir / "m.arpa", {.order = 2}, LmSplitter(LmUnit::kWord),
                        {{}, stop.get_token()}),
               Error);
  EXPECT_FALSE(std::filesystem::exists(dir / "m.arpa"));
}

}  // namespace
}  // namespace nest::decode
