// Ctrl-C acts within the long loops behind decoding, not after them.
#include <gtest/gtest.h>

#include "eval/audit_checks.h"
#include "eval/floors.h"
#include "nest/core/error.h"
#include "nest/eval/compare.h"
#include "nest/eval/overview.h"
#include "nest/eval/split_audit.h"
#include "nest/eval/summary.h"
#include "nest/text/score_report.h"
#include "nest/text/significance.h"
#include "tests/eval/fakes.h"

namespace nest::eval {
namespace {

class Stopped : public testing::Test {
 protected:
  void SetUp() override { stop_.request_stop(); }
  template <class F>
  static void expect_stop(F&& work) {
    try {
      work();
      ADD_FAILURE() << "went on after a stop was requested";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
    }
  }
  static Results results() {
    return ModelEvaluator(fake::honest(), {}).evaluate(fake::make_set(0, 12));
  }
  std::stop_source stop_;
  const Job job_{{}, stop_.get_token()};
};

TEST_F(Stopped, intervals_and_comparisons_end_at_once) {
  const Results found = results();
  expect_stop([&] { summarize(found, {}, job_); });
  expect_stop([&] { compare_results(found, found, {}, job_); });
  const std::vector<NamedResults> runs{{"a", found}, {"b", found}};
  expect_stop([&] { overview(runs, {}, job_); });
  const std::vector<text::TextPair> pairs{{{"a b"}, "a"}, {{"c"}, "c"}};
  expect_stop([&] { text::score_texts(pairs, {}, {}, {}, job_); });
}

TEST_F(Stopped, floors_and_the_search_for_near_duplicates_end_at_once) {
  const std::vector<std::string> texts{"a b c", "b c d"};
  expect_stop([&] { text_floors(texts, texts, 100, 1, job_); });
  std::vector<data::Utterance> utterances = fake::make_set(0, 5).utterances;
  for (const data::Utterance& u : fake::make_set(9, 5, "train").utterances) utterances.push_back(u);
  expect_stop([&] { audit_split(utterances, {}, job_); });
}

TEST_F(Stopped, each_check_of_an_audit_ends_at_once) {
  AuditInputs inputs;
  inputs.factory = fake::honest();
  inputs.test = fake::make_set(0, 12);
  inputs.utterances = inputs.test.utterances;
  const Results real = results();
  expect_stop([&] { check_label_blind(inputs, real, {}, job_); });
  expect_stop([&] { check_eeg_use(inputs, real, {}, job_); });
  expect_stop([&] { check_floors(inputs, real, {}, job_); });
  expect_stop([&] { check_splits(inputs, {}, job_); });
}

}  // namespace
}  // namespace nest::eval
