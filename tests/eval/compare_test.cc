#include "nest/eval/compare.h"

#include <gtest/gtest.h>

#include "nest/eval/overview.h"
#include "tests/eval/fakes.h"

namespace nest::eval {
namespace {

Results run(double noise, std::size_t count = 60) {
  EvalOptions options;
  options.summary.bootstrap.replicates = 100;
  return ModelEvaluator(fake::honest(), options).evaluate(fake::make_set(0, count, "test", noise));
}

CompareOptions quick_compare() {
  CompareOptions options;
  options.bootstrap.replicates = 1000;
  return options;
}

TEST(Compare, a_worse_run_is_a_regression_and_the_other_way_round_is_not) {
  const Results good = run(0.2);
  const Results bad = run(2.5);
  const Comparison worse = compare_results(good, bad, quick_compare());
  EXPECT_TRUE(worse.is_regression());
  EXPECT_EQ(worse.metrics.at(1).metric, text::Metric::kCer);
  EXPECT_EQ(worse.metrics[1].verdict, Change::kWorse);
  EXPECT_GT(worse.metrics[1].result.delta.low, 0);
  const Comparison better = compare_results(bad, good, quick_compare());
  EXPECT_FALSE(better.is_regression());
  EXPECT_EQ(better.metrics[1].verdict, Change::kBetter);
}

TEST(Compare, a_run_equals_itself) {
  const Results good = run(2.5);
  const Comparison same = compare_results(good, good, quick_compare());
  EXPECT_FALSE(same.is_regression());
  for (const MetricChange& change : same.metrics) {
    EXPECT_EQ(change.verdict, Change::kNoSignificantDifference);
    EXPECT_EQ(change.result.p_randomization, 1);
  }
}

TEST(Compare, the_margin_forgives) {
  CompareOptions options = quick_compare();
  options.margin = 1000;
  EXPECT_FALSE(compare_results(run(0.2), run(2.5), options).is_regression());
}

TEST(Compare, only_shared_utterances_count_and_others_are_named) {
  Results a = run(0.2);
  Results b = run(2.5);
  a.utterances.resize(40);
  b.utterances.erase(b.utterances.begin(), b.utterances.begin() + 10);
  const Comparison comparison = compare_results(a, b, quick_compare());
  EXPECT_EQ(comparison.shared_utterances, 30u);
  EXPECT_EQ(comparison.a.not_shared, 10u);
  EXPECT_EQ(comparison.b.not_shared, 20u);
  b.utterances.clear();
  EXPECT_THROW(compare_results(a, b, quick_compare()), Error);
}

TEST(Compare, other_references_cannot_be_compared) {
  const Results a = run(0.2);
  Results b = a;
  b.utterances[3].reference = "something else";
  EXPECT_THROW(compare_results(a, b, quick_compare()), Error);
}

TEST(Compare, the_table_shows_the_regression) {
  CompareOptions options = quick_compare();
  options.unit = Unit::kSubject;
  const std::string text = comparison_text(compare_results(run(0.2), run(2.5), quick_compare()));
  EXPECT_NE(text.find("REGRESSION"), std::string::npos) << text;
  EXPECT_EQ(compare_results(run(0.2), run(2.5), options).units, 4u);
}

TEST(Overview, every_run_is_measured_against_the_first) {
  const std::vector<NamedResults> runs{{"good", run(0.2)}, {"same", run(0.2)}, {"bad", run(2.5)}};
  const Overview all = overview(runs, quick_compare());
  ASSERT_EQ(all.rows.size(), 3u);
  EXPECT_FALSE(all.rows[0].change.has_value());
  EXPECT_FALSE(all.rows[1].change.value().is_regression());
  EXPECT_TRUE(all.rows[2].change.value().is_regression());
  EXPECT_TRUE(all.is_regression());
  EXPECT_GT(all.rows[2].metrics[text::Metric::kCer].estimate,
            all.rows[0].metrics[text::Metric::kCer].high);
  EXPECT_GT(all.rows[0].memory.process_peak_bytes, 1'000'000);
  const Json json = to_json(all);
  EXPECT_EQ(json.at("schema"), "nest.overview/1");
  EXPECT_FALSE(json.at("rows")[0].contains("change"));
  EXPECT_EQ(json.at("rows")[2].at("change").at("schema"), "nest.compare/1");
  EXPECT_EQ(json.at("rows")[2].at("change").at("regression"), true);
  const std::string text = overview_text(all);
  EXPECT_NE(text.find("good"), std::string::npos);
  EXPECT_NE(text.find("REGRESSION"), std::string::npos);
}

TEST(Overview, a_streamed_run_stands_in_the_row_of_its_model_or_is_refused) {
  std::vector<NamedResults> runs{
      {"float", run(0.2)}, {"small", run(0.2)}, {"small-live", run(2.5)}};
  for (NamedResults& one : runs)
    one.results.model = {{"model", "m"}, {"file_bytes", 100}, {"macs", 7}};
  runs[2].results.streamed.emplace();
  runs[1].results.model["file_bytes"] = runs[2].results.model["file_bytes"] = 10;
  const Overview all = overview(runs, quick_compare());
  ASSERT_EQ(all.rows.size(), 2u);
  EXPECT_FALSE(all.rows[0].streamed.has_value());
  EXPECT_GT((*all.rows[1].streamed)[text::Metric::kCer].estimate,
            all.rows[1].metrics[text::Metric::kCer].estimate);
  EXPECT_EQ(all.rows[1].file_bytes, 10);
  EXPECT_EQ(all.rows[1].macs, 7);
  EXPECT_TRUE(to_json(all).at("rows")[0].at("streamed").is_null());
  runs[2].results.model["file_bytes"] = 11;
  EXPECT_THROW(overview(runs, quick_compare()), Error);
}

TEST(Overview, one_run_is_refused) {
  const std::vector<NamedResults> runs{{"only", run(0.2)}};
  EXPECT_THROW(overview(runs, quick_compare()), Error);
}

}  // namespace
}  // namespace nest::eval
