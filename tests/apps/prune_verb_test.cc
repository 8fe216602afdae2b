// nest prune: smaller models that every other verb takes, on a dataset made by nest synth.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/compress/prunable.h"
#include "nest/core/json.h"
#include "nest/deploy/model_file.h"
#include "tests/apps/compression_fixture.h"

namespace nest {
namespace {

using ::testing::HasSubstr;

constexpr double kPointOnePercent = 1e-3;

class PruneVerb : public test::CompressionFixture {
 protected:
  test::CommandResult prune(const std::string& out, const std::string& arguments) const {
    return nest("prune --json --model " + path("m.pt") + " --out " + path(out) + " " + arguments);
  }
  Json report(const std::string& out, const std::string& arguments) const {
    const auto made = prune(out, arguments);
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return Json::parse(made.out);
  }
};

TEST_F(PruneVerb, reports_what_the_file_is) {
  const Json json = report("p.pt", "--amount 0.6 --layer ctc_decoder=0.25");
  const graph::Model before = deploy::load_model(path("m.pt")),
                     after = deploy::load_model(path("p.pt"));
  const compress::Sparsity sparsity = compress::sparsity_of(after);
  EXPECT_EQ(json["before"]["sparsity"], 0);
  EXPECT_NEAR(json["after"]["sparsity"].get<double>(), sparsity.overall, 1e-9);
  EXPECT_NEAR(sparsity.weights.at("ctc_decoder.output_proj.weight"), 0.25, 0.01);
  EXPECT_EQ(json["after"]["parameters"], before.num_parameters());
  EXPECT_EQ(json["after"]["file_bytes"], std::filesystem::file_size(path("p.pt")));
  EXPECT_FALSE(json["after"].contains("cer"));
  for (const auto& [name, tensor] : after.weights)
    EXPECT_EQ(tensor.shape(), before.weights.at(name).shape()) << name;
}

TEST_F(PruneVerb, patterns_meet_their_amounts) {
  for (const auto& [arguments, amount] :
       std::map<std::string, double>{{"--amount 0.3", 0.3},
                                     {"--amount 0.7 --scope layer", 0.7},
                                     {"--pattern 2:4", 0.5},
                                     {"--amount 0.75 --pattern block", 0.75}}) {
    EXPECT_NEAR(report("p.safetensors", arguments)["after"]["sparsity"].get<double>(), amount,
                2 * kPointOnePercent)
        << arguments;
  }
}

TEST_F(PruneVerb, units_leave_a_smaller_model_that_decodes_and_is_scored) {
  const Json json = report("s.pt", "--method structured --amount 0.5 --data " + path("data"));
  EXPECT_LT(json["after"]["parameters"].get<int>(), json["before"]["parameters"].get<int>());
  EXPECT_LT(json["after"]["macs"].get<int>(), json["before"]["macs"].get<int>());
  EXPECT_LT(json["after"]["file_bytes"].get<int>(), json["before"]["file_bytes"].get<int>());
  EXPECT_EQ(json["after"]["parameters"], deploy::load_model(path("s.pt")).num_parameters());
  for (const char* rate : {"cer", "wer"}) {
    const Json& interval = json["after"][rate];
    EXPECT_LE(interval["low"].get<double>(), interval["estimate"].get<double>());
  }
  EXPECT_GE(json["groups"].size(), 3u);
  const auto decoded = nest("benchmark --json --model " + path("s.pt") + " --data " + path("data"));
  EXPECT_EQ(decoded.exit_code, 0) << decoded.err;
}

TEST_F(PruneVerb, measures_layers_and_activations_on_data) {
  const std::string data = " --data " + path("data") + " --probe-utterances 3";
  const Json sensitive = report("a.pt", "--method sensitivity --amount 0.4" + data);
  EXPECT_EQ(sensitive["sensitivities"].size(),
            compress::prunable_weights(deploy::load_model(path("m.pt"))).size());
  EXPECT_NEAR(sensitive["after"]["sparsity"].get<double>(), 0.4, kPointOnePercent);
  const Json active = report("b.pt", "--criterion activation --amount 0.4" + data);
  EXPECT_NEAR(active["after"]["sparsity"].get<double>(), 0.4, kPointOnePercent);
  const Json steps =
      report("c.pt", "--method iterative --iterations 3 --epochs 0 --amount 0.4" + data);
  EXPECT_EQ(steps["iterations"].size(), 3u);
}

TEST_F(PruneVerb, a_bad_request_is_one_clear_error) {
  const auto expect = [&](const std::string& arguments, const std::string& says) {
    const auto made = prune("x.pt", arguments);
    EXPECT_EQ(made.exit_code, 2) << arguments << made.err;
    EXPECT_THAT(made.err, HasSubstr(says)) << arguments;
    EXPECT_FALSE(std::filesystem::exists(path("x.pt"))) << arguments;
  };
  expect("--amount 1.1", "--amount is 1.1; it must be above 0 and below 1");
  expect("--method structured --pattern 2:4", "--pattern is 2:4");
  expect("--method sensitivity", "--data is missing");
  expect("--criterion gradient", "--data is missing");
  expect("--method lottery", "--data is missing");
  expect("--epochs 3", "--data is missing");
  const auto unknown = prune("x.pt", "--layer temporal_encodr=0.3");
  EXPECT_NE(unknown.exit_code, 0);
  EXPECT_THAT(unknown.err, HasSubstr("no layer 'temporal_encodr'"));
  EXPECT_THAT(nest("prune --model " + path("m.pt") + " --out " + path("x.onnx")).err,
              HasSubstr("a pruned model is a .pt or .safetensors file"));
  ASSERT_EQ(prune("once.pt", "--amount 0.6").exit_code, 0);
  EXPECT_THAT(
      nest("prune --model " + path("once.pt") + " --out " + path("x.pt") + " --amount 0.5").err,
      HasSubstr("zero already; nothing is left to take away"));
}

#ifdef NEST_WITH_TORCH
TEST_F(PruneVerb, trains_with_its_zeros_and_by_gradients) {
  const std::string data = " --epochs 1 --probe-utterances 3 --data " + path("data");
  for (const char* how : {"--criterion gradient --amount 0.5", "--method structured --amount 0.4",
                          "--method lottery --iterations 2 --amount 0.5"}) {
    const Json json = report("t.pt", how + data);
    if (json["method"] != "structured") {
      EXPECT_NEAR(json["after"]["sparsity"].get<double>(), 0.5, kPointOnePercent) << how;
    }
    EXPECT_TRUE(std::filesystem::exists(path("t.pt.training/1/log.jsonl"))) << how;
  }
  // The ticket of step 0: what it was, or zero.
  const graph::Model before = deploy::load_model(path("m.pt")),
                     ticket = deploy::load_model(path("t.pt"));
  for (const auto& [name, tensor] : ticket.weights) {
    if (tensor.dtype() != DType::kF32) continue;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.numel()); ++i) {
      const float value = tensor.data<float>()[i];
      ASSERT_TRUE(value == 0 || value == before.weights.at(name).data<float>()[i]) << name;
    }
  }
}
#endif

}  // namespace
}  // namespace nest
