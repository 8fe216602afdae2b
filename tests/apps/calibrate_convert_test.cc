// nest convert --calibrate: fixed scales of activations, found on a dataset made by nest synth.
#include <gtest/gtest.h>

#include "nest/core/json.h"
#include "tests/apps/convolutional_model.h"
#include "tests/support/command.h"

namespace nest {
namespace {

class CalibrateConvert : public testing::Test {
 protected:
  void SetUp() override {
    const auto made = nest("synth --out " + path("data") + " --recording " + path("r.edf") +
                           " --recording-sentences 1 --sentences 30 --rate 128 --seed 3");
    ASSERT_EQ(made.exit_code, 0) << made.err;
    test::save_convolutional_model(path("m.pt"), 8);
  }
  static test::CommandResult nest(const std::string& arguments) {
    return test::run_nest(NEST_BINARY, arguments, 16'000'000);
  }
  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  test::CommandResult convert(const std::string& out, const std::string& arguments) const {
    return nest("convert " + path("m.pt") + " " + path(out) + " " + arguments);
  }
  Json fixed_scales(const std::string& file) const {
    const auto shown = nest("inspect --json " + path(file));
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    const Json quantization = Json::parse(shown.out).at("quantization");
    EXPECT_EQ(quantization.at("precision"), "int8");
    return quantization.value("activations", Json::object());
  }
  test::TempDir dir_;
};

TEST_F(CalibrateConvert, scales_of_convolutions_or_of_all_products_travel_in_the_file) {
  const std::string calibrate = "--precision int8 --calibrate " + path("data");
  ASSERT_EQ(convert("plain.prepared", "--precision int8").exit_code, 0);
  EXPECT_TRUE(fixed_scales("plain.prepared").empty());
  const auto made = convert("conv.prepared", calibrate);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Json convolutions = fixed_scales("conv.prepared");
  EXPECT_GE(convolutions.size(), 3u);
  ASSERT_EQ(convert("all.prepared", calibrate + " --fixed-scales all").exit_code, 0);
  const Json all = fixed_scales("all.prepared");
  EXPECT_GT(all.size(), convolutions.size());
  for (const auto& [product, scale] : convolutions.items()) {
    EXPECT_EQ(product.find("lstm"), std::string::npos);
    EXPECT_EQ(all.at(product), scale);
    EXPECT_GT(scale.at("scale").get<double>(), 0);
  }
}

TEST_F(CalibrateConvert, a_calibrated_model_streams_the_same_text_for_any_chunk) {
  ASSERT_EQ(
      convert("all.prepared", "--precision int8 --fixed-scales all --calibrate " + path("data"))
          .exit_code,
      0);
  const std::string stream = "stream --model " + path("all.prepared") +
                             " --source file:" + path("r.edf") +
                             " --window 2.109375 --hop 0.421875 --lookahead 0.421875 ";
  const auto whole = nest(stream), parts = nest(stream + "--chunk 7");
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_FALSE(whole.out.empty());
  EXPECT_EQ(whole.out, parts.out);
}

TEST_F(CalibrateConvert, what_cannot_be_calibrated_is_an_error) {
  const std::string calibrate = "--calibrate " + path("data");
  EXPECT_EQ(convert("x.prepared", calibrate).exit_code, 2);
  EXPECT_EQ(convert("x.safetensors", "--precision int8 " + calibrate).exit_code, 2);
  EXPECT_EQ(convert("x.safetensors", "--precision int8").exit_code, 2);
  EXPECT_EQ(
      convert("x.prepared", "--precision int8 --calibrate-utterances 0 " + calibrate).exit_code, 2);
  EXPECT_EQ(convert("x.prepared", "--precision int8 --calibrate " + path("none")).exit_code, 3);
  EXPECT_EQ(convert("x.prepared", "--precision int8 --calibrate-split none " + calibrate).exit_code,
            3);
  EXPECT_FALSE(std::filesystem::exists(path("x.prepared")));
}

}  // namespace
}  // namespace nest
