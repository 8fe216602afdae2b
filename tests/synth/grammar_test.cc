#include "synth/grammar.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "nest/core/error.h"

namespace nest::synth {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

TEST(Grammar, sentences_have_three_to_eight_words_of_the_vocabulary) {
  const std::vector<std::string> known = vocabulary();
  EXPECT_GE(known.size(), 200u);
  EXPECT_LE(known.size(), 400u);
  for (const std::string& text : draw_sentences(1, 2000)) {
    const std::vector<std::string> words = words_of(text);
    EXPECT_GE(words.size(), 3u) << text;
    EXPECT_LE(words.size(), 8u) << text;
    for (const std::string& word : words) {
      EXPECT_TRUE(std::ranges::binary_search(known, word)) << word;
    }
  }
}

TEST(Grammar, subject_and_verb_agree) {
  int plural = 0;
  int singular = 0;
  for (const std::string& text : draw_sentences(2, 3000)) {
    const std::vector<std::string> words = words_of(text);
    if (words[0] == "they" || words[0] == "we" || words[0] == "you") {
      EXPECT_NE(words[1], "sees") << text;
      EXPECT_NE(words[1], "sleeps") << text;
      EXPECT_NE(words[1], "is") << text;
      ++plural;
    } else if (words[0] == "she" || words[0] == "anna") {
      EXPECT_NE(words[1], "see") << text;
      EXPECT_NE(words[1], "sleep") << text;
      EXPECT_NE(words[1], "are") << text;
      ++singular;
    }
  }
  EXPECT_GT(plural, 50);
  EXPECT_GT(singular, 50);
}

TEST(Grammar, an_stands_before_a_vowel_and_a_before_none) {
  for (const std::string& text : draw_sentences(3, 3000)) {
    const std::vector<std::string> words = words_of(text);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      const bool vowel = std::string("aeiou").find(words[i + 1][0]) != std::string::npos;
      if (words[i] == "a") {
        EXPECT_FALSE(vowel) << text;
      }
      if (words[i] == "an") {
        EXPECT_TRUE(vowel) << text;
      }
    }
  }
}

TEST(Grammar, sentences_differ_and_a_longer_list_begins_with_the_shorter) {
  const std::vector<std::string> few = draw_sentences(4, 300);
  const std::vector<std::string> many = draw_sentences(4, 900);
  EXPECT_EQ(std::set<std::string>(many.begin(), many.end()).size(), 900u);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  EXPECT_NE(few, draw_sentences(5, 300));
}

}  // namespace
}  // namespace nest::synth
