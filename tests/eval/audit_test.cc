// One planted cheat a check, and an honest model that passes all six.
#include "nest/eval/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/audit_checks.h"
#include "nest/eval/summary.h"
#include "tests/eval/fakes.h"

namespace nest::eval {
namespace {

using testing::HasSubstr;

AuditOptions quick_audit() {
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

bool passed(const Audit& audit, int number) {
  return audit.verdict().checks.at(static_cast<std::size_t>(number - 1)).passed;
}

TEST(Audit, an_honest_model_passes_all_six_checks) {
  const Audit found = audit(inputs_with(fake::honest()), quick_audit());
  const AuditVerdict verdict = found.verdict();
  EXPECT_TRUE(verdict.passed) << audit_text(verdict);
  EXPECT_TRUE(verdict.eeg_is_used);
  ASSERT_EQ(verdict.checks.size(), 6u);
  for (int number = 1; number <= 6; ++number) {
    const CheckVerdict& check = verdict.checks[static_cast<std::size_t>(number - 1)];
    EXPECT_EQ(check.number, number);
    EXPECT_TRUE(check.passed) << check.summary;
  }
  EXPECT_GT(found.metrics.characters.errors(), 0);
}

TEST(Audit, check_1_catches_teacher_forced_decoding) {
  const Audit found = audit(inputs_with(fake::teacher_forced()), quick_audit());
  EXPECT_FALSE(found.passed());
  EXPECT_FALSE(passed(found, 1));
  EXPECT_GT(found.label_blind.changed, 30u);
  EXPECT_FALSE(found.verdict().eeg_is_used);  // noise gives the same text
}

TEST(Audit, check_2_catches_a_model_that_ignores_eeg) {
  // the most frequent kind of sentence, varied by a hash of the signal: it looks alive
  const auto ignoring = fake::factory_of([](const Tensor& signal, std::size_t) {
    const auto values = signal.data<float>();
    const auto hash = static_cast<std::size_t>(std::abs(values[0] * 1e4f));
    return fake::sentence(hash % 240);
  });
  const Audit found = audit(inputs_with(ignoring), quick_audit());
  EXPECT_TRUE(passed(found, 1));
  EXPECT_FALSE(passed(found, 2));
  EXPECT_FALSE(found.verdict().eeg_is_used);
  EXPECT_TRUE(passed(found, 5));
  EXPECT_FALSE(found.passed());
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
  const Audit found = audit(inputs_with(detector), quick_audit());
  const auto& controls = found.eeg_use.controls;
  EXPECT_EQ(controls.at(2).name, "zeros");
  EXPECT_TRUE(controls[2].is_beaten);
  EXPECT_EQ(controls.at(3).name, "shuffled_trials");
  EXPECT_FALSE(controls[3].is_beaten);
  EXPECT_FALSE(found.verdict().eeg_is_used);
}

TEST(Audit, checks_3_and_5_catch_a_frequent_sentence_and_a_collapsed_decoder) {
  const auto frequent = fake::factory_of(
      [](const Tensor&, std::size_t) { return std::string("the boy sees the moon"); });
  const Audit found = audit(inputs_with(frequent), quick_audit());
  EXPECT_TRUE(passed(found, 1));
  EXPECT_FALSE(passed(found, 2));
  EXPECT_FALSE(passed(found, 3));
  EXPECT_FALSE(passed(found, 5));
  EXPECT_THAT(found.collapse.summary, HasSubstr("1 distinct hypotheses for 40 references"));
}

TEST(Audit, check_3_names_its_floors) {
  const Audit found = audit(inputs_with(fake::honest()), quick_audit());
  std::vector<std::string> names;
  for (const Control& floor : found.floors.controls) names.push_back(floor.name);
  EXPECT_THAT(names,
              testing::ElementsAre("constant_sentence", "lm_only", "nearest_training_sentence"));
  EXPECT_TRUE(found.floors.controls[2].is_oracle);
}

TEST(Audit, check_4_catches_a_test_sentence_in_training) {
  AuditInputs inputs = inputs_with(fake::honest());
  inputs.utterances.back().text = "The boy  sees old books.";  // sentence 0, in other spelling
  const Audit found = audit(inputs, quick_audit());
  EXPECT_FALSE(passed(found, 4));
  EXPECT_THAT(found.splits.summary, HasSubstr("1 of 40 test sentences are in training too"));
}

TEST(Audit, check_4_catches_overlapping_subjects_where_new_subjects_are_claimed) {
  AuditOptions options = quick_audit();
  options.split.disjoint = {"sentence", "subject"};
  const Audit found = audit(inputs_with(fake::honest()), options);
  EXPECT_FALSE(passed(found, 4));
  EXPECT_THAT(found.splits.summary, HasSubstr("4 of 4 test subjects are in training too"));
}

TEST(Audit, check_5_lets_a_closed_set_of_commands_be_small) {
  AuditInputs inputs = inputs_with(fake::honest());
  for (auto& utterance : inputs.test.utterances) utterance.text = "ab";
  inputs.test.utterances[0].text = "ba";
  std::vector<std::string> texts;
  for (const auto& utterance : inputs.test.utterances) texts.push_back(utterance.text);
  inputs.test.load = [texts](std::size_t i) { return fake::spell(texts[i], i, 0.2); };
  const Results real = ModelEvaluator(inputs.factory, quick_audit().eval).evaluate(inputs.test);
  EXPECT_TRUE(check_collapse(real, quick_audit()).passed);
}

Json figures(const char* key, double value, bool forced) {
  return {{"summary", {{"decoding", forced ? "teacher_forced" : "greedy"}, {key, value}}},
          {"training", {{"tf_loss", 0.3}}}};
}

TEST(Audit, check_6_catches_teacher_forced_figures_without_their_name) {
  AuditInputs inputs = inputs_with(fake::honest());
  const Results real = ModelEvaluator(inputs.factory, quick_audit().eval).evaluate(inputs.test);
  const auto verdict = [&](const Json& document) {
    inputs.documents = {{"results.json", document}};
    return check_teacher_forcing(inputs, real);
  };
  EXPECT_TRUE(verdict(figures("wer", 0.5, false)).passed);
  const TeacherForcingCheck hidden = verdict(figures("wer", 0.1, true));
  EXPECT_FALSE(hidden.passed);
  EXPECT_THAT(hidden.summary, HasSubstr("results.json.summary.wer"));
  EXPECT_FALSE(verdict(figures("tf_wer", 0.1, false)).passed);
  const Json outside{{"tf_wer", 0.1}, {"teacher_forcing", true}, {"summary", {{"loss", 1}}}};
  EXPECT_TRUE(verdict(outside).passed);
}

TEST(Audit, check_6_catches_figures_that_free_running_decoding_does_not_give) {
  AuditInputs inputs = inputs_with(fake::honest());
  const Results real = ModelEvaluator(inputs.factory, quick_audit().eval).evaluate(inputs.test);
  const auto file_of = [](const Results& results) {
    return to_json(results, summarize(results, quick_audit().eval.summary));
  };
  inputs.documents = {{"honest.json", file_of(real)}};
  EXPECT_TRUE(check_teacher_forcing(inputs, real).passed);
  Results forged = real;
  forged.utterances[5].hypothesis = "what the reference says";
  inputs.documents = {{"forged.json", file_of(forged)}};
  const TeacherForcingCheck check = check_teacher_forcing(inputs, real);
  EXPECT_FALSE(check.passed);
  EXPECT_THAT(check.summary, HasSubstr("forged.json: 1 of 40"));
}

TEST(Audit, the_verdict_read_back_from_its_file_is_the_one_that_was_written) {
  AuditInputs inputs = inputs_with(fake::honest());
  inputs.utterances.back().text = "The boy  sees old books.";  // check 4 fails
  const Audit found = audit(inputs, quick_audit());
  const Json json = to_json(found);
  EXPECT_EQ(json.at("schema"), "nest.audit/1");
  EXPECT_EQ(json.at("verdict"), "fail");
  EXPECT_EQ(json.at("eeg_use"), "evidence that EEG is used");
  EXPECT_EQ(json.at("checks")[1].at("verdict"), "evidence that EEG is used");
  EXPECT_EQ(json.at("checks")[2].at("controls")[2].at("is_oracle"), true);
  EXPECT_EQ(json.at("checks")[3].at("split").at("sentence").at("shared"), 1);
  const AuditVerdict read = audit_verdict_from_json(json);
  EXPECT_EQ(audit_text(read), audit_text(found.verdict()));
  ASSERT_EQ(read.controls.size(), 7u);
  for (std::size_t i = 0; i < read.controls.size(); ++i) {
    EXPECT_EQ(read.controls[i].name, found.verdict().controls[i].name);
    EXPECT_EQ(read.controls[i].delta_low, found.verdict().controls[i].delta_low);
  }
  EXPECT_THROW(audit_verdict_from_json(Json{{"schema", "nest.results/1"}}), Error);
  EXPECT_THROW(audit_verdict_from_json(Json{{"schema", "nest.audit/1"}}), Error);
}

}  // namespace
}  // namespace nest::eval
