// nest package and nest verify.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/json.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

using test::run_nest;
using testing::HasSubstr;

TEST(PackageVerb, writes_what_verify_accepts_until_a_byte_is_changed) {
  const test::TempDir dir;
  const std::string model = (test::tests_dir() / "../models/synth_ctc.pt").string();
  const std::string folder = (dir / "p").string(), archive = (dir / "p.nestpkg").string();
  const auto made = run_nest(NEST_BINARY, "package --model " + model + " --out " + folder +
                                              " --archive " + archive + " --golden-s 4");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  for (const std::string& package : {folder, archive}) {
    const auto sound = run_nest(NEST_BINARY, "verify " + package + " --json");
    EXPECT_EQ(sound.exit_code, 0) << sound.err;
    EXPECT_TRUE(Json::parse(sound.out).at("passed").get<bool>());
  }
  std::ofstream(dir / "p/README.md", std::ios::app) << "x";
  const auto changed = run_nest(NEST_BINARY, "verify " + folder);
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_THAT(changed.out, HasSubstr("README.md: was changed"));
  const auto none = run_nest(NEST_BINARY, "verify " + model);
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.out, HasSubstr("the archive has no manifest.json"));
  EXPECT_EQ(
      run_nest(NEST_BINARY, "package --model " + model + " --out " + dir.path().string()).exit_code,
      2);
}

}  // namespace
}  // namespace nest
