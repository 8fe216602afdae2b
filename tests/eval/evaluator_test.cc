#include "nest/eval/evaluator.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
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
  Json json = to_json(results, quick().summary);
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
  options.threads = std::get<1>(GetParam());
  EXPECT_EQ(essence(ModelEvaluator(fake::honest(), options).evaluate(set)), expected);

  std::vector<Results> parts;
  for (std::size_t i = 0; i < 3; ++i) {
    const Results part = ModelEvaluator(fake::honest(), options).evaluate(set.part({i, 3}));
    parts.push_back(results_from_json(to_json(part, options.summary)));  // as through files
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

/// Four bad utterances of different kinds among good ones.
EvalSet set_with_bad_utterances() {
  EvalSet set = fake::make_set(0, 20);
  const auto good = set.load;
  set.load = [good](std::size_t i) {
    if (i == 3) fail(ErrorCode::kDataCorrupt, "the record is truncated");
    Tensor signal = good(i);
    if (i == 7) signal.mutable_data<float>()[5] = std::numeric_limits<float>::quiet_NaN();
    if (i == 11) signal = Tensor(DType::kF32, {2, 100});  // a channel is missing
    return signal;
  };
  set.failures.push_back({"test_rate", "s1", "r1", "wrong-rate", "256 Hz instead of 100 Hz"});
  return set;
}

TEST(Evaluator, bad_utterances_are_reported_counted_and_leave_the_others_alone) {
  for (const int batch : {1, 8}) {
    EvalOptions options = quick();
    options.batch_size = batch;
    const Results results =
        ModelEvaluator(fake::honest(), options).evaluate(set_with_bad_utterances());
    EXPECT_EQ(results.utterances.size(), 17u);
    std::vector<std::string> found;
    for (const Failure& f : results.failures) found.push_back(f.id + " " + f.kind);
    EXPECT_THAT(found, testing::ElementsAre("test_1003 unreadable", "test_1007 not-finite",
                                            "test_1011 rejected", "test_rate wrong-rate"));
    const Json summary = summarize(results, options.summary);
    EXPECT_EQ(summary.at("counts").at("selected").get<int>(), 21);
    EXPECT_EQ(summary.at("counts").at("failed").get<int>(), 4);
    EXPECT_EQ(summary.at("counts").at("failures").at("not-finite").get<int>(), 1);
    EXPECT_EQ(summary.at("metrics").at("wer").at("errors").get<int>(), 0);
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
  const Json calibration = summarize(results, quick().summary).at("calibration");
  EXPECT_NEAR(calibration.at("expected_calibration_error").get<double>(), 0.1, 1e-6);
  EXPECT_EQ(results.utterances[0].tokens[0].text, "t");
  EXPECT_EQ(results.utterances[0].tokens[0].correct, 1);
  EXPECT_DOUBLE_EQ(results.utterances[0].tokens[1].start_s, 0.2);
}

TEST(Evaluator, the_summary_has_what_the_issue_asks_for) {
  const Results results = ModelEvaluator(fake::honest(), quick()).evaluate(noisy_set());
  const Json summary = summarize(results, quick().summary);
  EXPECT_EQ(summary.at("subjects").size(), 4u);
  EXPECT_EQ(summary.at("intervals").at("subject").at("wer").at("units").get<int>(), 4);
  EXPECT_DOUBLE_EQ(summary.at("latency").at("total_ms").at("p95").get<double>(), 1.5);
  double signal_s = 0;
  for (const auto& u : results.utterances) signal_s += u.signal_s;
  EXPECT_NEAR(summary.at("latency").at("real_time_factor").get<double>(), 37 * 0.0015 / signal_s,
              1e-12);
  EXPECT_EQ(summary.at("worst").size(), 10u);
  EXPECT_TRUE(summary.at("calibration").is_null());  // no tokenizer was given
  EXPECT_GT(summary.at("confusions").at("errors").size(), 3u);
}

TEST(Evaluator, a_suite_compares_its_runs_with_the_first) {
  const std::vector<SuiteRun> runs{
      {"good", fake::honest()},
      {"constant", fake::factory_of([](const Tensor&, std::size_t) { return "the moon"; })}};
  const Json suite = benchmark_suite(runs, fake::make_set(0, 20), quick());
  EXPECT_EQ(suite.at("runs").size(), 2u);
  EXPECT_EQ(suite.at("comparison")[0].at("name"), "constant");
  EXPECT_TRUE(suite.at("comparison")[0].at("comparison").at("regression").get<bool>());
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
