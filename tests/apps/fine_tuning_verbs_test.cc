// What trains a model that is there already: in codes, and on what a teacher says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/json.h"
#include "nest/deploy/model_file.h"
#include "small_training.h"
#include "tests/apps/compression_fixture.h"

namespace nest {
namespace {

using ::testing::HasSubstr;

class FineTuningVerbs : public test::CompressionFixture {
 protected:
  /// Characters long enough for the few frames of the model: CTC needs a frame each.
  FineTuningVerbs() : CompressionFixture("--char-ms 1500") {}
  std::string quantize(const std::string& out) const {
    return "quantize --json --model " + path("m.pt") + " --out " + path(out) +
           " --calibrate-utterances 4 ";
  }
};

TEST_F(FineTuningVerbs, quantize_trains_in_codes_and_keeps_the_scales_that_were_learned) {
  const std::string data = " --data " + path("data");
  const auto fixed = nest(quantize("s.pt") + "--method static" + data);
  ASSERT_EQ(fixed.exit_code, 0) << fixed.err;
  const auto made =
      nest(quantize("q.pt") +
           "--method qat --epochs 1 --learning-rate 0.01 --distillation-weight 0.5" + data);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Json json = Json::parse(made.out);
  EXPECT_EQ(json["method"], "qat");
  EXPECT_TRUE(json["after"].contains("cer"));
  EXPECT_TRUE(std::filesystem::exists(path("q.pt.training/1/log.jsonl")));
  const graph::Quantization before = deploy::load_model(path("s.pt")).quantization,
                            after = deploy::load_model(path("q.pt")).quantization;
  EXPECT_EQ(after.precision, graph::Precision::kInt8);
  EXPECT_EQ(after.activations.size(), before.activations.size());
  EXPECT_NE(after, before);
}

TEST_F(FineTuningVerbs, prune_learns_from_the_model_as_it_came) {
  const auto made =
      nest("prune --json --model " + path("m.pt") + " --out " + path("p.pt") +
           " --amount 0.5 --epochs 1 --distillation-weight 0.5 --data " + path("data"));
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("0.5 of the loss is the distance from"));
}

TEST_F(FineTuningVerbs, a_search_goes_on_with_the_training_that_it_began_with) {
  const std::string search = "compress --model " + path("m.pt") + " --data " + path("data") +
                             " --out " + path("small") +
                             " --max-cer-increase 100 --timed-utterances 2 --search-utterances 3 "
                             "--calibrate-utterances 3 --amounts 0.5 --epochs 1 ";
  const auto made = nest(search + "--augment-noise 0.1 --augment-join 0.5");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_TRUE(std::filesystem::exists(path("small/training/1/log.jsonl")));
  const auto other = nest(search + "--augment-noise 0.2 --augment-join 0.5 --resume");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("this search had another 'training'"));
}

TEST_F(FineTuningVerbs, a_bad_request_is_one_clear_error) {
  const auto expect = [&](const std::string& arguments, const std::string& says) {
    const auto made = nest(quantize("x.pt") + arguments);
    EXPECT_EQ(made.exit_code, 2) << arguments << made.err;
    EXPECT_THAT(made.err, HasSubstr(says)) << arguments;
  };
  expect("--method static --epochs 3", "--epochs is of method qat");
  expect("--method qat", "--data is missing");
  expect("--method static --distillation-weight 0.5", "--epochs is 0");
  expect("--method qat --epochs 1 --distillation-weight 2 --data " + path("data"),
         "--distillation-weight is 2; it must be from 0 to 1");
}

using TrainVerb = test::SmallTraining;

TEST_F(TrainVerb, learns_from_a_teacher_and_asks_for_one_that_is_missing) {
  const std::string teacher = run_folder("teacher");
  ASSERT_EQ(test::wait_for(test::start(train("plain", teacher, {"--epochs", "1"}))), 0);
  EXPECT_EQ(test::wait_for(test::start(
                train("tiny", run_folder("student"),
                      {"--epochs", "1", "--teacher", teacher + "/best.pt", "--temperature", "2"}))),
            0);
  EXPECT_EQ(test::wait_for(test::start(train("tiny", run_folder("alone"),
                                             {"--epochs", "1", "--distillation-weight", "0.5"}))),
            2);
}

}  // namespace
}  // namespace nest
