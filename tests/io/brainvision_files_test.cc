// A recording of several files is found from any of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eeg_bytes.h"
#include "io/brainvision.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class BrainVisionFiles : public testing::Test {
 protected:
  void write(const std::string& header, const std::string& data, const std::string& markers) {
    std::string text = brainvision_header("MULTIPLEXED", "INT_16");
    text.replace(text.find("x.eeg"), 5, data);
    text.replace(text.find("x.vmrk"), 6, markers);
    write_text_file(dir_ / header, text);
    write_text_file(dir_ / data, std::string(12, '\1'));
    write_text_file(dir_ / markers, brainvision_markers());
  }
  test::TempDir dir_;
};

TEST_F(BrainVisionFiles, data_and_marker_files_lead_to_the_header_of_the_same_name) {
  write("a.vhdr", "a.eeg", "a.vmrk");
  write("b.vhdr", "b.dat", "b.vmrk");
  for (const char* name : {"a.vhdr", "a.eeg", "a.vmrk", "b.dat", "b.vmrk"}) {
    EXPECT_EQ(recording_format(dir_ / name), "BrainVision") << name;
    EXPECT_EQ(open_recording(dir_ / name)->info().num_samples, 3) << name;
  }
}

TEST_F(BrainVisionFiles, a_header_of_another_name_is_found_by_what_it_names) {
  write("header.vhdr", "data.eeg", "marks.vmrk");
  write("other.vhdr", "other.eeg", "other.vmrk");
  EXPECT_EQ(find_brainvision_header(dir_ / "data.eeg"), dir_ / "header.vhdr");
  EXPECT_EQ(find_brainvision_header(dir_ / "marks.vmrk"), dir_ / "header.vhdr");
}

TEST_F(BrainVisionFiles, without_a_header_the_error_says_what_is_missing) {
  write_text_file(dir_ / "lonely.eeg", "1234");
  write_text_file(dir_ / "broken.vhdr", "no header at all");
  EXPECT_THAT([&] { open_recording(dir_ / "lonely.eeg"); },
              ThrowsMessage<Error>(HasSubstr("no BrainVision header (.vhdr)")));
}

}  // namespace
}  // namespace nest::io
