// What holds for every options struct of this module.
#include "nest/eval/options.h"

#include "nest/eval/audit.h"
#include "nest/eval/compare.h"
#include "tests/support/options_laws.h"

namespace nest::eval {
namespace {

EvalOptions changed_eval() {
  EvalOptions options;
  options.batch_size = 3;
  options.jobs = 4;
  options.strict = true;
  options.summary.score.lowercase = true;
  options.summary.bootstrap.replicates = 11;
  options.summary.worst = 2;
  return options;
}

TEST(EvalOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  test::expect_options_laws(EvalOptions{}, changed_eval());
  CompareOptions compare;
  compare.margin = 2;
  compare.unit = Unit::kSubject;
  compare.score.lowercase = true;
  test::expect_options_laws(CompareOptions{}, compare);
  AuditOptions audit;
  audit.eval = changed_eval();
  audit.split.disjoint = {"sentence", "subject"};
  audit.split.near_duplicate = 0.9;
  audit.unit = Unit::kSession;
  audit.seed = 5;
  test::expect_options_laws(AuditOptions{}, audit);
  test::expect_options_laws(SplitAuditOptions{}, audit.split);
  test::expect_options_laws(SampleOptions{}, SampleOptions{"data", "valid", 7});
  test::expect_options_laws(EvalSetOptions{}, EvalSetOptions{"train", "s01", "r1", true});
}

TEST(EvalOptions, files_of_earlier_versions_call_the_jobs_threads) {
  Json json = nest::to_json(EvalOptions{});
  json.erase("jobs");
  json["threads"] = 3;
  EXPECT_EQ(options_from_json<EvalOptions>(json, "options").jobs, 3);
}

}  // namespace
}  // namespace nest::eval
