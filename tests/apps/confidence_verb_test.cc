// nest confidence on results whose confidences were bent by a known temperature.
#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

constexpr double kTemperature = 0.5;

class CalibrateVerb : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(nest("synth --seed 1 --rate 125 --sentences 20 --out " + path("data")).exit_code, 0);
    const auto model = test::tests_dir().parent_path() / "models/synth_ctc.pt";
    const auto made = nest("benchmark --model " + model.string() + " --data " + path("data") +
                           " --split train --output " + path("real.json"));
    ASSERT_EQ(made.exit_code, 0) << made.err;
    write("fit.json", bent(1));
    write("test.json", bent(2));
  }
  static test::CommandResult nest(const std::string& arguments) {
    return test::run_nest(NEST_BINARY, arguments, 16'000'000);
  }
  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  void write(const std::string& name, const Json& json) const {
    write_text_file(path(name), json.dump());
  }
  /// The real results with tokens that are right as often as their confidence says once the
  /// temperature is applied.
  Json bent(std::uint64_t seed) const {
    Json results = load_json(path("real.json"));
    Rng rng(seed);
    for (Json& utterance : results.at("utterances")) {
      const Json token = utterance.at("tokens").at(0);
      utterance["tokens"] = Json::array();
      for (int i = 0; i < 400; ++i) {
        const double confidence = 0.5 + 0.49 * rng.uniform();
        const double odds = std::pow((1 - confidence) / confidence, 1 / kTemperature);
        Json made = token;
        made["confidence"] = confidence;
        made["correct"] = rng.uniform() < 1 / (1 + odds);
        utterance["tokens"].push_back(made);
      }
    }
    return results;
  }
  test::TempDir dir_;
};

TEST_F(CalibrateVerb, finds_the_temperature_and_lowers_the_error_on_other_utterances) {
  const auto result =
      nest("confidence --json --fit " + path("fit.json") + " --test " + path("test.json"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json report = Json::parse(result.out);
  EXPECT_NEAR(report.at("confidence_temperature").get<double>(), kTemperature, 0.05);
  EXPECT_EQ(report.at("test").at("before").at("ece").is_number(), true);
  EXPECT_LT(report.at("test").at("after").at("ece").get<double>(),
            0.5 * report.at("test").at("before").at("ece").get<double>());
  EXPECT_LT(report.at("test").at("after").at("nll"), report.at("test").at("before").at("nll"));
}

TEST_F(CalibrateVerb, what_it_cannot_fit_is_an_error_that_names_the_file) {
  const auto refuses = [&](const std::string& file, int exit_code) {
    const auto result = nest("confidence --fit " + path(file));
    EXPECT_EQ(result.exit_code, exit_code) << file << result.err;
    EXPECT_NE(result.err.find(file), std::string::npos) << result.err;
  };
  refuses("missing.json", 3);
  write_text_file(path("broken.json"), "{\"utterances\": [");
  refuses("broken.json", 3);
  Json empty = load_json(path("fit.json"));
  for (Json& utterance : empty.at("utterances")) utterance["tokens"] = Json::array();
  write("empty.json", empty);
  refuses("empty.json", 3);
  Json wild = load_json(path("fit.json"));
  wild.at("utterances").at(0).at("tokens").at(0)["confidence"] = 7.5;
  write("wild.json", wild);
  refuses("wild.json", 3);
  EXPECT_EQ(nest("confidence").exit_code, 2);
  EXPECT_EQ(nest("confidence --fit " + path("fit.json") + " --test " + path("fit.json")).exit_code,
            2);
}

}  // namespace
}  // namespace nest
