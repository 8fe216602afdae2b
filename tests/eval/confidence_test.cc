#include "nest/eval/confidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::eval {
namespace {

/// Ten tokens of confidence 0.9, of which five are right.
Results overconfident() {
  Results results;
  UtteranceResult utterance;
  utterance.id = "u0";
  for (int i = 0; i < 10; ++i) {
    TokenResult token;
    token.confidence = 0.9;
    token.correct = i % 2;
    utterance.tokens.push_back(token);
  }
  results.utterances.push_back(utterance);
  return results;
}

ErrorCode code_of(const Results& results) {
  try {
    judged_tokens(results);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

TEST(Confidence, a_fitted_temperature_makes_them_true) {
  const auto tokens = judged_tokens(overconfident());
  ASSERT_EQ(tokens.size(), 10u);
  const ConfidenceFit fit = fit_confidence(tokens, tokens);
  EXPECT_GT(fit.temperature, 1);
  EXPECT_NEAR(fit.fit.before.ece, 0.4, 1e-6);
  EXPECT_LT(fit.fit.after.ece, 0.1);
  EXPECT_EQ(fit.test->after.ece, fit.fit.after.ece);
  EXPECT_TRUE(to_json(fit).contains("test"));
  EXPECT_FALSE(to_json(fit_confidence(tokens)).contains("test"));
  EXPECT_THAT(confidence_text(fit), testing::HasSubstr("test      10 tokens"));
}

TEST(Confidence, results_that_cannot_be_judged_are_refused) {
  Results changed = overconfident();
  changed.model = {{"options", {{"confidence_temperature", 2.0}}}};
  EXPECT_EQ(code_of(changed), ErrorCode::kInvalidArgument);
  Results impossible = overconfident();
  impossible.utterances[0].tokens[3].confidence = 1.5;
  EXPECT_EQ(code_of(impossible), ErrorCode::kDataCorrupt);
  Results none = overconfident();
  for (TokenResult& token : none.utterances[0].tokens) token.correct = -1;
  EXPECT_EQ(code_of(none), ErrorCode::kDataCorrupt);
}

}  // namespace
}  // namespace nest::eval
