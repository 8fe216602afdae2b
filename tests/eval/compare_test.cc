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

CompareOptions quick() {
  CompareOptions options;
  options.bootstrap.replicates = 1000;
  return options;
}

TEST(Compare, a_worse_run_is_a_regression_and_the_other_way_round_is_not) {
  const Results good = run(0.2);
  const Results bad = run(2.5);
  const Json worse = compare_results(good, bad, quick());
  EXPECT_TRUE(worse.at("regression").get<bool>());
  EXPECT_EQ(worse.at("metrics")[1].at("name"), "cer");
  EXPECT_EQ(worse.at("metrics")[1].at("verdict"), "worse");
  EXPECT_GT(worse.at("metrics")[1].at("delta").at("low").get<double>(), 0);
  const Json better = compare_results(bad, good, quick());
  EXPECT_FALSE(better.at("regression").get<bool>());
  EXPECT_EQ(better.at("metrics")[1].at("verdict"), "better");
}

TEST(Compare, a_run_equals_itself) {
  const Results good = run(2.5);
  const Json same = compare_results(good, good, quick());
  EXPECT_FALSE(same.at("regression").get<bool>());
  for (const Json& metric : same.at("metrics")) {
    EXPECT_EQ(metric.at("verdict"), "no significant difference");
    EXPECT_EQ(metric.at("p_randomization").get<double>(), 1);
  }
}

TEST(Compare, the_margin_forgives) {
  CompareOptions options = quick();
  options.margin = 1000;
  EXPECT_FALSE(compare_results(run(0.2), run(2.5), options).at("regression").get<bool>());
}

TEST(Compare, only_shared_utterances_count_and_others_are_named) {
  Results a = run(0.2);
  Results b = run(2.5);
  a.utterances.resize(40);
  b.utterances.erase(b.utterances.begin(), b.utterances.begin() + 10);
  const Json json = compare_results(a, b, quick());
  EXPECT_EQ(json.at("shared_utterances").get<int>(), 30);
  EXPECT_EQ(json.at("a").at("not_shared").get<int>(), 10);
  EXPECT_EQ(json.at("b").at("not_shared").get<int>(), 20);
  b.utterances.clear();
  EXPECT_THROW(compare_results(a, b, quick()), Error);
}

TEST(Compare, other_references_cannot_be_compared) {
  const Results a = run(0.2);
  Results b = a;
  b.utterances[3].reference = "something else";
  EXPECT_THROW(compare_results(a, b, quick()), Error);
}

TEST(Compare, the_table_shows_the_regression) {
  CompareOptions options = quick();
  options.unit = "subject";
  const std::string text = comparison_text(compare_results(run(0.2), run(2.5), quick()));
  EXPECT_NE(text.find("REGRESSION"), std::string::npos) << text;
  EXPECT_EQ(compare_results(run(0.2), run(2.5), options).at("units").get<int>(), 4);
}

TEST(Overview, every_run_is_measured_against_the_first) {
  const std::vector<NamedResults> runs{{"good", run(0.2)}, {"same", run(0.2)}, {"bad", run(2.5)}};
  const Json json = overview(runs, quick());
  ASSERT_EQ(json.at("rows").size(), 3U);
  EXPECT_FALSE(json.at("rows")[0].contains("change"));
  EXPECT_FALSE(json.at("rows")[1].at("change").at("regression").get<bool>());
  EXPECT_TRUE(json.at("rows")[2].at("change").at("regression").get<bool>());
  EXPECT_TRUE(json.at("regression").get<bool>());
  EXPECT_GT(json.at("rows")[2].at("cer").at("value").get<double>(),
            json.at("rows")[0].at("cer").at("high").get<double>());
  EXPECT_GT(json.at("rows")[0].at("process_peak_bytes").get<std::int64_t>(), 1'000'000);
  const std::string text = overview_text(json);
  EXPECT_NE(text.find("good"), std::string::npos);
  EXPECT_NE(text.find("REGRESSION"), std::string::npos);
}

TEST(Overview, one_run_is_refused) {
  const std::vector<NamedResults> runs{{"only", run(0.2)}};
  EXPECT_THROW(overview(runs, quick()), Error);
}

}  // namespace
}  // namespace nest::eval
