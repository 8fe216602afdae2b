#include "nest/text/text_rule.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "tests/support/options_laws.h"

namespace nest::text {
namespace {

TEST(TextRule, changes_nothing_unless_asked) {
  EXPECT_EQ(spelled({}, "  It's, a Dog! "), "  It's, a Dog! ");
}

TEST(TextRule, leaves_punctuation_out_but_apostrophes_within_words) {
  const TextRule rule{.letter_case = LetterCase::kKeep, .punctuation = false};
  EXPECT_EQ(spelled(rule, "It's a well-known dog -- \"'Rex'\"."), "It's a well known dog Rex");
  EXPECT_EQ(spelled(rule, "Übung: 3½?"), "Übung 3½");
  EXPECT_EQ(spelled(rule, "..."), "");
}

TEST(TextRule, changes_the_case_of_every_script) {
  EXPECT_EQ(spelled({.letter_case = LetterCase::kLower}, "ÄRGER Σ"), "ärger σ");
  EXPECT_EQ(spelled({.letter_case = LetterCase::kUpper}, "ärger σ"), "ÄRGER Σ");
}

TEST(TextRule, comes_back_from_json_and_broken_json_is_refused) {
  const TextRule rule{.letter_case = LetterCase::kLower, .punctuation = false};
  test::expect_options_laws(TextRule{}, rule);
  EXPECT_EQ(text_rule_from_json(nest::to_json(rule)), rule);
  EXPECT_EQ(text_rule_from_json(nullptr), TextRule{});
  EXPECT_THROW(text_rule_from_json({{"case", "small"}}), Error);
}

TEST(TextRule, applied_twice_changes_nothing_more) {
  for (const LetterCase letter_case : {LetterCase::kKeep, LetterCase::kLower, LetterCase::kUpper}) {
    for (const bool punctuation : {true, false}) {
      const TextRule rule{letter_case, punctuation};
      for (const char* text : {"It's 'a' well-known  Dog\u2019s--life\u2026",
                               "\u0130stanbul, Stra\u00dfe!", "'' x'-'y", "\u01c5 \u03a3\u03a3"}) {
        const std::string once = spelled(rule, text);
        EXPECT_EQ(spelled(rule, once), once);
      }
    }
  }
}

TEST(TextRule, text_that_is_not_utf8_is_an_error) {
  EXPECT_THROW(spelled({.punctuation = false}, "a\xFF"), Error);
}

}  // namespace
}  // namespace nest::text
