// One planted cheat a check, and an honest model that passes all six.
#include "nest/eval/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/eval/fakes.h"

namespace nest::eval {
namespace {

using testing::HasSubstr;

AuditOptions quick() {
  AuditOptions options;
  options.eval.summary.bootstrap.replicates = 400;
  options.shuffles = 5;
  return options;
}

/// 40 test sentences, 120 other ones in training; one letter in ten or so is misread.
AuditInputs inputs_with(RecognizerFactory factory) {
  AuditInputs inputs;
  inputs.factory = std::move(factory);
  inputs.test = fake::make_set(0, 40, "test", 2.0);
  const EvalSet train = fake::make_set(40, 120, "train");
  inputs.utterances = inputs.test.utterances;
  inputs.utterances.insert(inputs.utterances.end(), train.utterances.begin(),
                           train.utterances.end());
  return inputs;
}

const Json& check_of(const Json& audit, int number) {
  return audit.at("checks").at(static_cast<std::size_t>(number - 1));
}
bool passed(const Json& audit, int number) {
  return check_of(audit, number).at("passed").get<bool>();
}

TEST(Audit, an_honest_model_passes_all_six_checks) {
  const Json json = audit(inputs_with(fake::honest()), quick());
  EXPECT_EQ(json.at("verdict"), "pass") << audit_text(json);
  EXPECT_EQ(json.at("eeg_use"), "evidence that EEG is used");
  ASSERT_EQ(json.at("checks").size(), 6u);
  for (int number = 1; number <= 6; ++number) {
    EXPECT_EQ(check_of(json, number).at("number").get<int>(), number);
    EXPECT_TRUE(passed(json, number)) << check_of(json, number).at("summary");
  }
  EXPECT_GT(json.at("metrics").at("cer").at("errors").get<int>(), 0);
}

TEST(Audit, check_1_catches_teacher_forced_decoding) {
  const Json json = audit(inputs_with(fake::teacher_forced()), quick());
  EXPECT_EQ(json.at("verdict"), "fail");
  EXPECT_FALSE(passed(json, 1));
  EXPECT_GT(check_of(json, 1).at("changed").get<int>(), 30);
  EXPECT_EQ(json.at("eeg_use"), "no evidence that EEG is used");  // noise gives the same text
}

TEST(Audit, check_2_catches_a_model_that_ignores_eeg) {
  // the most frequent kind of sentence, varied by a hash of the signal: it looks alive
  const auto ignoring = fake::factory_of([](const Tensor& signal, std::size_t) {
    const auto values = signal.data<float>();
    const auto hash = static_cast<std::size_t>(std::abs(values[0] * 1e4f));
    return fake::sentence(hash % 240);
  });
  const Json json = audit(inputs_with(ignoring), quick());
  EXPECT_TRUE(passed(json, 1));
  EXPECT_FALSE(passed(json, 2));
  EXPECT_EQ(json.at("eeg_use"), "no evidence that EEG is used");
  EXPECT_TRUE(passed(json, 5));
  EXPECT_EQ(json.at("verdict"), "fail");
}

TEST(Audit, check_2_is_not_fooled_by_a_model_that_tells_eeg_from_noise_only) {
  // real EEG -> a plausible sentence, anything else -> nothing: better than noise, yet reads
  // nothing
  const auto detector = fake::factory_of([](const Tensor& signal, std::size_t) -> std::string {
    const auto values = signal.data<float>();
    float step = 0;
    for (std::size_t i = 1; i < 20; ++i) step += std::abs(values[i] - values[i - 1]);
    const auto hash = static_cast<std::size_t>(std::abs(values[0] * 1e4f));
    return step > 10 && step < 80 ? fake::sentence(hash % 240) : "";
  });
  const Json json = audit(inputs_with(detector), quick());
  const Json& controls = check_of(json, 2).at("controls");
  EXPECT_EQ(controls[2].at("name"), "zeros");
  EXPECT_TRUE(controls[2].at("better_than_this").get<bool>());
  EXPECT_EQ(controls[3].at("name"), "shuffled_trials");
  EXPECT_FALSE(controls[3].at("better_than_this").get<bool>());
  EXPECT_EQ(json.at("eeg_use"), "no evidence that EEG is used");
}

TEST(Audit, checks_3_and_5_catch_a_frequent_sentence_and_a_collapsed_decoder) {
  const auto frequent = fake::factory_of(
      [](const Tensor&, std::size_t) { return std::string("the boy sees the moon"); });
  const Json json = audit(inputs_with(frequent), quick());
  EXPECT_TRUE(passed(json, 1));
  EXPECT_FALSE(passed(json, 2));
  EXPECT_FALSE(passed(json, 3));
  EXPECT_FALSE(passed(json, 5));
  EXPECT_THAT(check_of(json, 5).at("summary").get<std::string>(),
              HasSubstr("1 distinct hypotheses for 40 references"));
}

TEST(Audit, check_3_names_its_floors) {
  const Json json = audit(inputs_with(fake::honest()), quick());
  std::vector<std::string> names;
  for (const Json& floor : check_of(json, 3).at("controls")) names.push_back(floor.at("name"));
  EXPECT_THAT(names,
              testing::ElementsAre("constant_sentence", "lm_only", "nearest_training_sentence"));
  EXPECT_TRUE(check_of(json, 3).at("controls")[2].at("is_oracle").get<bool>());
}

TEST(Audit, check_4_catches_a_test_sentence_in_training) {
  AuditInputs inputs = inputs_with(fake::honest());
  inputs.utterances.back().text = "The boy  sees old books.";  // sentence 0, in other spelling
  const Json json = audit(inputs, quick());
  EXPECT_FALSE(passed(json, 4));
  EXPECT_THAT(check_of(json, 4).at("summary").get<std::string>(),
              HasSubstr("1 of 40 test sentences are in training too"));
}

TEST(Audit, check_4_catches_overlapping_subjects_where_new_subjects_are_claimed) {
  AuditOptions options = quick();
  options.split.disjoint = {"sentence", "subject"};
  const Json json = audit(inputs_with(fake::honest()), options);
  EXPECT_FALSE(passed(json, 4));
  EXPECT_THAT(check_of(json, 4).at("summary").get<std::string>(),
              HasSubstr("4 of 4 test subjects are in training too"));
}

TEST(Audit, check_5_lets_a_closed_set_of_commands_be_small) {
  AuditInputs inputs = inputs_with(fake::honest());
  for (auto& utterance : inputs.test.utterances) utterance.text = "ab";
  inputs.test.utterances[0].text = "ba";
  std::vector<std::string> texts;
  for (const auto& utterance : inputs.test.utterances) texts.push_back(utterance.text);
  inputs.test.load = [texts](std::size_t i) { return fake::spell(texts[i], i, 0.2); };
  const Results real = ModelEvaluator(inputs.factory, quick().eval).evaluate(inputs.test);
  EXPECT_TRUE(check_collapse(real, quick()).at("passed").get<bool>());
}

Json figures(const char* key, double value, bool forced) {
  return {{"summary", {{"decoding", forced ? "teacher_forced" : "greedy"}, {key, value}}},
          {"training", {{"tf_loss", 0.3}}}};
}

TEST(Audit, check_6_catches_teacher_forced_figures_without_their_name) {
  AuditInputs inputs = inputs_with(fake::honest());
  const Results real = ModelEvaluator(inputs.factory, quick().eval).evaluate(inputs.test);
  const auto verdict = [&](const Json& document) {
    inputs.documents = {{"results.json", document}};
    return check_teacher_forcing(inputs, real);
  };
  EXPECT_TRUE(verdict(figures("wer", 0.5, false)).at("passed").get<bool>());
  const Json hidden = verdict(figures("wer", 0.1, true));
  EXPECT_FALSE(hidden.at("passed").get<bool>());
  EXPECT_THAT(hidden.at("summary").get<std::string>(), HasSubstr("results.json.summary.wer"));
  EXPECT_FALSE(verdict(figures("tf_wer", 0.1, false)).at("passed").get<bool>());
  const Json outside{{"tf_wer", 0.1}, {"teacher_forcing", true}, {"summary", {{"loss", 1}}}};
  EXPECT_TRUE(verdict(outside).at("passed").get<bool>());
}

TEST(Audit, check_6_catches_figures_that_free_running_decoding_does_not_give) {
  AuditInputs inputs = inputs_with(fake::honest());
  const Results real = ModelEvaluator(inputs.factory, quick().eval).evaluate(inputs.test);
  inputs.documents = {{"honest.json", to_json(real, quick().eval.summary)}};
  EXPECT_TRUE(check_teacher_forcing(inputs, real).at("passed").get<bool>());
  Results forged = real;
  forged.utterances[5].hypothesis = "what the reference says";
  inputs.documents = {{"forged.json", to_json(forged, quick().eval.summary)}};
  const Json json = check_teacher_forcing(inputs, real);
  EXPECT_FALSE(json.at("passed").get<bool>());
  EXPECT_THAT(json.at("summary").get<std::string>(), HasSubstr("forged.json: 1 of 40"));
}

}  // namespace
}  // namespace nest::eval
