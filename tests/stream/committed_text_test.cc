#include "nest/stream/committed_text.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "nest/core/rng.h"
#include "nest/text/bpe_tokenizer.h"
#include "nest/text/character_tokenizer.h"
#include "nest/text/word_tokenizer.h"

namespace nest::stream {
namespace {

const std::vector<std::string> kTexts = {"paul is so hungry", "the slow farmer smiles slowly",
                                         "une forêt brûle", "the cat sees the forest"};

std::vector<std::shared_ptr<const text::Tokenizer>> tokenizers() {
  text::BpeOptions bpe;
  bpe.vocab_size = 40;
  return {text::CharacterTokenizer::train(kTexts), text::WordTokenizer::train(kTexts),
          text::BpeTokenizer::train(kTexts, bpe)};
}

TEST(CommittedText, pieces_join_to_the_text_of_all_tokens) {
  for (const auto& tokenizer : tokenizers()) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Rng rng(seed);
      std::vector<int> ids;
      std::string joined;
      CommittedText text([&](auto tokens) { return tokenizer->text_of(tokens); });
      for (int hop = 0; hop < 30; ++hop) {
        for (std::uint64_t n = rng.below(4); n > 0; --n)
          ids.push_back(static_cast<int>(rng.below(static_cast<std::uint64_t>(tokenizer->size()))));
        joined += text.add(ids);
        ASSERT_EQ(text.text(), joined);
        // What is only white space waits for the next token where a tokenizer strips its end.
        const std::string whole = tokenizer->text_of(ids);
        ASSERT_EQ(joined, whole.substr(0, joined.size())) << tokenizer->kind() << " " << seed;
      }
      EXPECT_EQ(joined, tokenizer->text_of(ids)) << tokenizer->kind() << " " << seed;
    }
  }
}

TEST(CommittedText, a_character_waits_for_all_of_its_bytes) {
  // Two tokens make one character, as SentencePiece's byte tokens do.
  const auto text_of = [](std::span<const int> ids) {
    std::string text;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] == 1) {
        const bool is_whole = i + 1 < ids.size() && ids[i + 1] == 2;
        text += is_whole ? "é" : "\xef\xbf\xbd";
        i += is_whole;
      } else {
        text += 'a';
      }
    }
    return text;
  };
  CommittedText text(text_of);
  EXPECT_EQ(text.add(std::vector{0, 1}), "");
  EXPECT_EQ(text.add(std::vector{0, 1, 2}), "aé");
  EXPECT_EQ(text.add(std::vector{0, 1, 2, 0}), "a");
}

TEST(CommittedText, a_hop_costs_what_is_new) {
  const auto tokenizer = text::CharacterTokenizer::train(kTexts);
  std::size_t most = 0;
  CommittedText text([&](std::span<const int> tokens) {
    most = std::max(most, tokens.size());
    return tokenizer->text_of(tokens);
  });
  std::vector<int> ids;
  for (int hop = 0; hop < 5000; ++hop) {
    ids.push_back(*tokenizer->find("a"));
    text.add(ids);
  }
  EXPECT_EQ(text.text(), std::string(5000, 'a'));
  EXPECT_LE(most, 2u);
}

}  // namespace
}  // namespace nest::stream
