// A prepared file as --model: what the float model gives in that precision.
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

class PreparedVerbs : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(nest("synth --seed 5 --rate 125 --sentences 20 --out " + path("data")).exit_code, 0);
    ASSERT_EQ(nest("convert " + model() + " " + path("m.prepared") + " --precision int8").exit_code,
              0);
  }
  static test::CommandResult nest(const std::string& arguments) {
    return test::run_nest(NEST_BINARY, arguments, 16'000'000);
  }
  static std::string model() {
    return (test::tests_dir().parent_path() / "models/synth_ctc.pt").string();
  }
  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  std::string data() const { return " --data " + path("data") + " --split train "; }
  test::TempDir dir_;
};

TEST_F(PreparedVerbs, decode_benchmark_and_audit_take_it_and_find_the_same_text) {
  const auto want = nest("decode --precision int8 --model " + model() + data());
  ASSERT_EQ(want.exit_code, 0) << want.err;
  EXPECT_FALSE(want.out.empty());
  const auto got = nest("decode --model " + path("m.prepared") + data());
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_EQ(got.out, want.out);

  const auto benchmark = [&](const std::string& arguments, const std::string& output) {
    const auto result = nest("benchmark " + arguments + data() + " --output " + path(output));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return load_json(path(output));
  };
  const Json floats = benchmark("--precision int8 --model " + model(), "a.json");
  const Json prepared = benchmark("--model " + path("m.prepared"), "b.json");
  EXPECT_EQ(prepared.at("summary").at("counts"), floats.at("summary").at("counts"));

  const auto audit =
      nest("audit --model " + path("m.prepared") + data() + "--output " + path("audit.json"));
  EXPECT_TRUE(audit.exit_code == 0 || audit.exit_code == 1) << audit.err;
  EXPECT_TRUE(std::filesystem::exists(path("audit.json")));
}

TEST_F(PreparedVerbs, what_it_cannot_do_is_a_usage_error) {
  const std::string decode = "decode --model " + path("m.prepared") + data();
  for (const std::string flag : {"--precision bf16", "--precision fp32", "--executor torch"}) {
    const auto result = nest(decode + flag);
    EXPECT_EQ(result.exit_code, 2) << flag;
    EXPECT_NE(result.err.find("original model"), std::string::npos) << result.err;
  }
  EXPECT_EQ(nest(decode + "--precision int8").exit_code, 0);
}

}  // namespace
}  // namespace nest
