// nest dataset on a dataset that nest import made of the BIDS folder written by MNE-BIDS.
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

class DatasetVerb : public testing::Test {
 protected:
  void SetUp() override {
    const auto made =
        nest("import --format bids --copy --in " +
             (test::tests_dir() / "golden/bids/dataset").string() + " --output " + data());
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }
  static test::CommandResult nest(const std::string& arguments) {
    return test::run_nest(NEST_BINARY, arguments);
  }
  std::string data() const { return (dir_ / "data").string(); }
  test::TempDir dir_;
};

TEST_F(DatasetVerb, a_sound_dataset_is_summed_up_and_not_touched) {
  const auto before = std::filesystem::last_write_time(dir_ / "data/dataset.json");
  const auto result = nest("dataset --data " + data() + " --check samples --json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json json = parse_json(result.out, "output");
  EXPECT_EQ(json["utterances"], 8);
  EXPECT_EQ(json["subjects"], 2);
  EXPECT_EQ(json["fit"], "current");
  EXPECT_EQ(std::filesystem::last_write_time(dir_ / "data/dataset.json"), before);
}

TEST_F(DatasetVerb, problems_are_listed_and_end_with_exit_code_1) {
  std::filesystem::remove(dir_ / "data/signals/sub-01_ses-a_task-read_eeg.eeg");
  const auto result = nest("dataset --data " + data());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.out.find("line 1: sub-01_ses-a_task-read_eeg_0000"), std::string::npos)
      << result.out;
  EXPECT_NE(result.err.find("2 utterances have problems"), std::string::npos) << result.err;
}

TEST_F(DatasetVerb, a_person_is_left_out_with_one_command) {
  const std::string fold = (dir_ / "fold").string();
  const auto made = nest("dataset --data " + data() + " --output " + fold +
                         " --split-by subject --split-test 02");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_NE(made.out.find("fitted on the utterances that train"), std::string::npos) << made.out;
  const auto again = nest("dataset --data " + fold + " --json");
  const Json splits = parse_json(again.out, "output")["splits"];
  EXPECT_EQ(splits["test"]["utterances"], 4);
  EXPECT_EQ(splits["train"]["utterances"], 4);
}

}  // namespace
}  // namespace nest
