#include "nest/eval/evaluator.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/eval/suite.h"
#include "nest/text/character_tokenizer.h"
#include "tests/eval/fakes.h"

namespace nest::eval {
namespace {

using testing::HasSubstr;

EvalOptions quick() {
  EvalOptions options;
  options.summary.bootstrap.replicates = 200;
  return options;
}

/// What must not depend on how the work was cut: texts, counts and failures.
Json essence(const Results& results) {
  Json json = to_json(results, summarize(results, quick().summary));
  for (const char* key : {"options", "parts", "wall_s", "memory"}) json.erase(key);
  json["summary"].erase("latency");
  for (Json& u : json["utterances"]) u.erase("load_ms");
  return json;
}

/// One of the letters of every third utterance is unreadable, so that there are errors.
EvalSet noisy_set() {
  return fake::make_set(0, 37, "test", 6.0);
}

class EvaluatorCuts : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(EvaluatorCuts, give_the_same_text_and_counts) {
  const EvalSet set = noisy_set();
  EvalOptions options = quick();
  options.batch_size = 1;
  const Json expected = essence(ModelEvaluator(fake::honest(), options).evaluate(set));
  EXPECT_GT(expected.at("summary").at("metrics").at("cer").at("errors").get<int>(), 10);
  options.batch_size = std::get<0>(GetParam());
  options.jobs = std::get<1>(GetParam());
  EXPECT_EQ(essence(ModelEvaluator(fake::honest(), options).evaluate(set)), expected);

  std::vector<Results> parts;
  for (std::size_t i = 0; i < 3; ++i) {
    const Results part = ModelEvaluator(fake::honest(), options).evaluate(set.part({i, 3}));
    const Json file = to_json(part, summarize(part, options.summary));
    parts.push_back(results_from_json(file));
  }
  EXPECT_EQ(essence(merge_results(parts)), expected);
}

INSTANTIATE_TEST_SUITE_P(Evaluator, EvaluatorCuts,
                         testing::Combine(testing::Values(1, 4, 16), testing::Values(1, 2)));

TEST(Evaluator, reports_every_utterance_and_stops_when_asked) {
  EvalOptions options = quick();
  options.batch_size = 4;
  std::stop_source stop;
  std::vector<std::int64_t> done;
  const Job job{[&](const ProgressReport& report) {
                  EXPECT_EQ(report.total, 10);
                  done.push_back(report.done);
                  if (report.done == 8 && done.size() > 5) stop.request_stop();
                },
                stop.get_token()};
  const ModelEvaluator evaluator(fake::honest(), options);
  EXPECT_EQ(evaluator.evaluate(fake::make_set(0, 10), job).utterances.size(), 10U);
  EXPECT_EQ(done, (std::vector<std::int64_t>{0, 4, 8, 10, 10}));
  try {
    evaluator.evaluate(fake::make_set(0, 10), job);
    FAIL() << "went on after a stop was requested";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
  }
  EXPECT_EQ(done.back(), 8);
}

/// Five bad utterances of different kinds among good ones. What an error's text says decides
/// nothing: the first one speaks of finite numbers.
EvalSet set_with_bad_utterances() {
  EvalSet set = fake::make_set(0, 20);
  const auto good = set.load;
  set.load = [good](std::size_t i) {
    if (i == 3) fail(ErrorCode::kDataCorrupt, "the rate is not a finite number");
    if (i == 5) {
      throw data::ProblemError(data::ProblemKind::kGap, ErrorCode::kInvalidArgument, "a hole");
    }
    Tensor signal = good(i);
    if (i == 7) signal.mutable_data<float>()[5] = std::numeric_limits<float>::quiet_NaN();
    if (i == 11) signal = Tensor(DType::kF32, {2, 100});  // a channel is missing
    return signal;
  };
  set.failures.push_back(
      {"test_rate", "s1", "r1", data::ProblemKind::kWrongRate, "256 Hz instead of 100 Hz"});
  return set;
}

TEST(Evaluator, bad_utterances_are_reported_counted_and_leave_the_others_alone) {
  for (const int batch : {1, 8}) {
    EvalOptions options = quick();
    options.batch_size = batch;
    const Results results =
        ModelEvaluator(fake::honest(), options).evaluate(set_with_bad_utterances());
    EXPECT_EQ(results.utterances.size(), 16u);
    std::vector<std::string> found;
    for (const Failure& f : results.failures) {
      found.push_back(f.id + " " + std::string(name_of(f.kind)));
    }
    EXPECT_THAT(
        found, testing::ElementsAre("test_1003 unreadable", "test_1005 gap", "test_1007 not-finite",
                                    "test_1011 rejected", "test_rate wrong-rate"));
    const Summary summary = summarize(results, options.summary);
    EXPECT_EQ(summary.counts.decoded, 16u);
    EXPECT_EQ(summary.counts.failed, 5u);
    EXPECT_EQ(summary.counts.failures.at(data::ProblemKind::kNotFinite), 1u);
    EXPECT_EQ(summary.metrics.words.errors(), 0);
    EXPECT_EQ(to_json(summary).at("counts").at("selected"), 21);
    EXPECT_EQ(to_json(summary).at("counts").at("failures").at("not-finite"), 1);
  }
}

TEST(Evaluator, strict_stops_and_names_the_utterance) {
  EvalOptions options = quick();
  options.strict = true;
  EvalSet set = set_with_bad_utterances();
  try {
    ModelEvaluator(fake::honest(), options).evaluate(set);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("test_rate"));
    EXPECT_EQ(exit_code(error.code()), 3);
  }
  set.failures.clear();
  try {
    ModelEvaluator(fake::honest(), options).evaluate(set);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("test_1003"));
  }
}

TEST(Evaluator, tokens_are_judged_against_the_reference) {
  std::vector<std::string> tokens(fake::kAlphabet.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = fake::kAlphabet.substr(i, 1);
  tokens.push_back("<UNK>");
  const auto tokenizer = std::make_shared<const text::CharacterTokenizer>(
      text::TokenTable(tokens), std::vector<std::string>{"<UNK>"}, false);
  const Results results =
      ModelEvaluator(fake::honest(), quick(), tokenizer).evaluate(fake::make_set(0, 8));
  const Summary summary = summarize(results, quick().summary);
  EXPECT_NEAR(summary.calibration.value().expected_calibration_error, 0.1, 1e-6);
  EXPECT_EQ(results.utterances[0].tokens[0].text, "t");
  EXPECT_EQ(results.utterances[0].tokens[0].correct, 1);
  EXPECT_DOUBLE_EQ(results.utterances[0].tokens[1].start_s, 0.2);
}

TEST(Evaluator, the_summary_has_what_the_issue_asks_for) {
  const Results results = ModelEvaluator(fake::honest(), quick()).evaluate(noisy_set());
  const Summary summary = summarize(results, quick().summary);
  EXPECT_EQ(summary.subjects.size(), 4u);
  EXPECT_EQ(summary.intervals.subject[text::Metric::kWer].units, 4u);
  EXPECT_DOUBLE_EQ(summary.latency.total_ms.value().p95, 1.5);
  double signal_s = 0;
  for (const auto& u : results.utterances) signal_s += u.signal_s;
  EXPECT_NEAR(summary.latency.real_time_factor.value(), 37 * 0.0015 / signal_s, 1e-12);
  EXPECT_EQ(summary.worst.size(), 10u);
  EXPECT_FALSE(summary.calibration.has_value());  // no tokenizer was given
  EXPECT_GT(summary.confusion_errors.size(), 3u);
}

TEST(Evaluator, a_suite_compares_its_runs_with_the_first) {
  const std::vector<SuiteRun> runs{
      {"good", fake::honest()},
      {"constant", fake::factory_of([](const Tensor&, std::size_t) { return "the moon"; })}};
  const auto suite = benchmark_suite(runs, fake::make_set(0, 20), quick());
  ASSERT_EQ(suite.size(), 2u);
  EXPECT_FALSE(suite[0].change.has_value());
  EXPECT_EQ(suite[1].name, "constant");
  EXPECT_TRUE(suite[1].change.value().is_regression());
  const Json json = suite_json(suite);
  EXPECT_EQ(json.at("schema"), "nest.suite/1");
  EXPECT_EQ(json.at("runs")[1].at("results").at("schema"), kResultsSchema);
  EXPECT_EQ(json.at("comparison")[0].at("baseline"), "good");
  EXPECT_EQ(json.at("comparison")[0].at("comparison").at("regression"), true);
}

TEST(Evaluator, parts_that_do_not_belong_together_are_not_merged) {
  const EvalSet set = fake::make_set(0, 6);
  const Results a = ModelEvaluator(fake::honest(), quick()).evaluate(set.part({0, 2}));
  EXPECT_THROW(merge_results(std::vector<Results>{a, a}), Error);
  Results other = ModelEvaluator(fake::honest(), quick()).evaluate(set.part({1, 2}));
  other.model["executor"] = "another";
  EXPECT_THROW(merge_results(std::vector<Results>{a, other}), Error);
}

TEST(Evaluator, shards_are_written_from_one) {
  EXPECT_EQ(shard_from_name("2/4").index, 1u);
  for (const char* bad : {"0/4", "5/4", "2", "a/b", "1/", "/2", ""}) {
    EXPECT_THROW(shard_from_name(bad), Error) << bad;
  }
}

TEST(Evaluator, contracts_that_do_not_meet_are_named) {
  graph::SignalContract model;
  model.rate_hz = 500;
  model.channels = {"Cz", "Pz"};
  graph::SignalContract data = model;
  EXPECT_NO_THROW(require_compatible(model, data));
  data.rate_hz = 256;
  EXPECT_THROW(require_compatible(model, data), Error);
  EXPECT_NO_THROW(require_compatible(model, data, true));  // it will be resampled
  data.rate_hz = 500;
  data.channels = {"Cz", "Oz"};
  try {
    require_compatible(model, data);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("Pz"));
  }
}

}  // namespace
}  // namespace nest::eval
