#include "nest/eval/split_audit.h"

#include <gtest/gtest.h>

#include "eval/floors.h"
#include "nest/core/error.h"

namespace nest::eval {
namespace {

data::Utterance utterance(const std::string& id, const std::string& split, const std::string& text,
                          const std::string& subject) {
  data::Utterance u;
  u.id = id;
  u.signal = id + ".npy";
  u.split = split;
  u.text = text;
  u.subject = subject;
  u.session = "r1";
  return u;
}

std::vector<data::Utterance> clean() {
  return {utterance("a", "train", "the old man reads a long book at night", "s1"),
          utterance("b", "train", "a girl sings", "s1"),
          utterance("c", "test", "nobody knows what the weather will be", "s2"),
          utterance("d", "test", "we saw a ship", "s2")};
}

TEST(SplitAudit, disjoint_splits_pass_and_overlaps_are_counted) {
  SplitAuditOptions options;
  options.disjoint = {"sentence", "subject", "session"};
  const SplitAudit audit = audit_split(clean(), options);
  EXPECT_TRUE(audit.passed()) << to_json(audit).dump(2);
  EXPECT_EQ(audit.subject.shared, 0u);
}

TEST(SplitAudit, sessions_are_those_of_one_subject) {
  SplitAuditOptions options;
  options.disjoint = {"session"};
  EXPECT_TRUE(audit_split(clean(), options).passed());  // r1 of s1, r1 of s2
  auto utterances = clean();
  utterances[2].subject = "s1";
  EXPECT_FALSE(audit_split(utterances, options).passed());
}

TEST(SplitAudit, near_duplicates_beyond_the_limit_fail) {
  auto utterances = clean();
  utterances[2].text = "the old man reads a long book at nights";
  const SplitAudit audit = audit_split(utterances, {});
  EXPECT_EQ(audit.sentence.shared, 0u);
  EXPECT_EQ(audit.near_duplicate.test_utterances, 1u);
  EXPECT_FALSE(audit.passed());
  SplitAuditOptions options;
  options.max_near_duplicates = 0.6;
  EXPECT_TRUE(audit_split(utterances, options).passed());
}

TEST(SplitAudit, shared_samples_fail_whatever_is_claimed) {
  auto utterances = clean();
  utterances[2].signal = utterances[0].signal = "one.edf";
  utterances[0].ranges = {{0, 500}};
  utterances[2].ranges = {{499, 100}};
  SplitAuditOptions options;
  options.disjoint = {"none"};
  EXPECT_FALSE(audit_split(utterances, options).passed());
  utterances[2].ranges = {{500, 100}};
  EXPECT_TRUE(audit_split(utterances, options).passed());
}

TEST(SplitAudit, an_unknown_claim_is_a_usage_error) {
  SplitAuditOptions options;
  options.disjoint = {"hemisphere"};
  EXPECT_THROW(audit_split(clean(), options), Error);
}

TEST(Floors, are_the_best_constant_the_likeliest_words_and_the_nearest_sentence) {
  const std::vector<std::string> train{"a b c", "a b c", "a b d", "x y z w"};
  const std::vector<std::string> test{"a b e", "x y z", "q"};
  const auto floors = text_floors(train, test);
  ASSERT_EQ(floors.size(), 3u);
  EXPECT_EQ(floors[0].hypotheses, (std::vector<std::string>{"a b c", "a b c", "a b c"}));
  EXPECT_EQ(floors[1].hypotheses[0], "a b c");  // three words
  EXPECT_EQ(floors[1].hypotheses[2].size(), 1u);
  EXPECT_EQ(floors[2].hypotheses[1], "x y z w");
  EXPECT_TRUE(floors[2].is_oracle);
  EXPECT_EQ(text_floors({}, test).size(), 2u);
}

}  // namespace
}  // namespace nest::eval
