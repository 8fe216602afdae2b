#include "nest/eval/document.h"

#include <gmock/gmock.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/eval/audit.h"
#include "nest/eval/suite.h"
#include "tests/eval/fakes.h"
#include "tests/support/temp_dir.h"

namespace nest::eval {
namespace {

using ::testing::HasSubstr;

EvalOptions quick_document() {
  EvalOptions options;
  options.summary.bootstrap.replicates = 50;
  return options;
}

TEST(Document, of_a_results_file_is_what_the_benchmark_printed) {
  const test::TempDir dir;
  const Results results =
      ModelEvaluator(fake::honest(), quick_document()).evaluate(fake::make_set(0, 12));
  const Summary summary = summarize(results, quick_document().summary);
  write_text_file(dir / "r.json", to_json(results, summary).dump());
  const auto document = read_document(dir / "r.json");
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(document->text, "results  " + model_text(results.model) + summary_text(summary));
  EXPECT_EQ(document->description.at("kind"), "results");
  EXPECT_FALSE(document->description.contains("utterances"));
}

TEST(Document, of_a_suite_and_an_audit_names_every_run_and_check) {
  const test::TempDir dir;
  const EvalSet set = fake::make_set(0, 12);
  const auto suite =
      benchmark_suite({{"one", fake::honest()}, {"two", fake::honest()}}, set, quick_document());
  write_text_file(dir / "s.json", suite_json(suite).dump());
  EXPECT_THAT(read_document(dir / "s.json")->text, HasSubstr("two: fake"));

  AuditInputs inputs;
  inputs.factory = fake::honest();
  inputs.test = set;
  inputs.utterances = set.utterances;
  AuditOptions options;
  options.eval = quick_document();
  options.shuffles = 1;
  const Audit found = audit(inputs, options);
  write_text_file(dir / "a.json", to_json(found).dump());
  EXPECT_EQ(read_document(dir / "a.json")->text, "audit  " + audit_text(found.verdict()));
}

TEST(Document, other_json_is_none_and_a_broken_one_an_error) {
  const test::TempDir dir;
  write_text_file(dir / "t.json", "{\"type\": \"character\"}");
  EXPECT_FALSE(read_document(dir / "t.json").has_value());
  EXPECT_FALSE(read_document(dir / "m.pt").has_value());
  write_text_file(dir / "b.json", "{\"schema\": \"nest.results/1\", \"model\": {}}");
  EXPECT_THAT([&] { read_document(dir / "b.json"); },
              testing::ThrowsMessage<Error>(HasSubstr("broken results file")));
}

}  // namespace
}  // namespace nest::eval
