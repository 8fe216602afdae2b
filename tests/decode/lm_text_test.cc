#include "nest/decode/lm_text.h"

#include <cmath>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/decode/ngram_train.h"
#include "nest/text/character_tokenizer.h"

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

}  // namespace
}  // namespace nest::decode
