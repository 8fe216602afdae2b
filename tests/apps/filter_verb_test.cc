#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/io/edf.h"
#include "nest/io/npy.h"
#include "nest/io/recording.h"
#include "tests/contract/signals.h"
#include "tests/support/command.h"

namespace nest {
namespace {

class FilterVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    io::RecordingInfo info;
    info.rate_hz = 256;
    info.channels = {{.name = "Fz", .unit = "V"}, {.name = "TEMP", .unit = "degC"}};
    info.annotations = {{1, 2, "hello", ""}, {5, 0, "marker", ""}};
    io::write_edf(dir_ / "r.edf", *io::make_recording(info, test::eeg_volts(2, 2560)));
    io::write_npy(dir_ / "a.npy", test::eeg_volts(2, 1000).to(DType::kF32));
  }
  test::CommandResult filter(const std::string& arguments) const {
    return test::run_nest(NEST_BINARY, "filter " + arguments);
  }
  std::string at(const std::string& name) const { return (dir_ / name).string(); }

  test::TempDir dir_;
};

TEST_F(FilterVerb, a_recording_has_its_own_rate_and_keeps_its_annotations) {
  const auto result = filter("--bandpass 1,40 --notch 50 " + at("r.edf") + " " + at("f.edf"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("1 channels x 2560 samples at 256 Hz, 2 annotations"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("left out               TEMP"), std::string::npos) << result.out;
  const auto written = io::open_recording(dir_ / "f.edf");
  ASSERT_EQ(written->info().annotations.size(), 2u);
  EXPECT_EQ(written->info().annotations[0].text, "hello");
  EXPECT_EQ(written->info().channels[0].unit, "V");
}

TEST_F(FilterVerb, a_rate_that_the_file_contradicts_is_refused) {
  const auto result = filter("--rate 500 --notch 50 " + at("r.edf") + " " + at("f.edf"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("the file says 256 Hz"), std::string::npos) << result.err;
}

TEST_F(FilterVerb, an_array_needs_its_rate) {
  const auto result = filter("--notch 50 " + at("a.npy") + " " + at("f.npy"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("--rate"), std::string::npos) << result.err;
  const auto given =
      filter("--rate 250 --notch 50 --dtype same --json " + at("a.npy") + " " + at("f.npy"));
  ASSERT_EQ(given.exit_code, 0) << given.err;
  EXPECT_EQ(parse_json(given.out, "report")["output_rate_hz"], 250);
  EXPECT_EQ(io::NpyFile::open(dir_ / "f.npy").dtype(), DType::kF32);
  EXPECT_EQ(io::NpyFile::open(dir_ / "f.npy").shape(), (Shape{2, 1000}));
}

TEST_F(FilterVerb, an_array_of_a_recording_says_that_annotations_are_lost) {
  const auto result = filter("--notch 50 " + at("r.edf") + " " + at("f.npy"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("holds no annotations, 2 are left out"), std::string::npos)
      << result.err;
  EXPECT_EQ(filter("--notch 50 " + at("r.edf") + " " + at("f.txt")).exit_code, 2);
}

}  // namespace
}  // namespace nest
