// BrainVision headers and marker files as they are found: without titles, numbered in any way, in
// other code pages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eeg_bytes.h"
#include "io/brainvision.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/utf8.h"
#include "tests/io/recording_parts.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

const std::string kTitle = "Brain Vision Data Exchange Header File Version 1.0\n";
const std::string kMarkerTitle = "Brain Vision Data Exchange Marker File, Version 1.0\n";

std::string header_with(const std::string& channels, int count) {
  return kTitle +
         fmt::format(
             "[Common Infos]\nDataFile=x.eeg\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
             "NumberOfChannels={}\nSamplingInterval=1000\n[Binary Infos]\nBinaryFormat=INT_16\n"
             "[Channel Infos]\n{}",
             count, channels);
}

// Ten samples; channel c holds 100 c + k.
std::shared_ptr<const Recording> open(const std::string& header, int channels,
                                      const std::string& markers = "") {
  std::string data;
  for (int k = 0; k < 10; ++k) {
    for (int c = 1; c <= channels; ++c)
      put<std::int16_t>(data, static_cast<std::int16_t>(100 * c + k));
  }
  return open_brainvision(header, markers, ByteSource::from_text(data));
}

std::vector<std::string> texts(const Recording& recording) {
  std::vector<std::string> result;
  for (const Annotation& note : recording.info().annotations) result.push_back(note.text);
  return result;
}

double first_value(const Recording& recording, int channel) {
  const std::vector<int> pick = {channel};
  return recording.read(pick, 0, 1, DType::kF64).data<double>()[0];
}

TEST(BrainVisionLenient, files_without_a_title_are_read_with_a_warning) {
  std::string header = header_with("Ch1=Fz,,1,C\n", 1);
  header.erase(0, kTitle.size());
  const auto recording =
      open(header, 1, "[Marker Infos]\nMk1=New Segment,,1,1,0\nMk2=Stimulus,S  5,4,1,0\n");
  EXPECT_THAT(texts(*recording), ElementsAre("New Segment/", "Stimulus/S  5"));
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("header; marker file")));
  EXPECT_THAT([] { open("no section\n", 1); }, ThrowsMessage<Error>(HasSubstr("no section")));
}

TEST(BrainVisionLenient, channels_are_numbered_in_any_order) {
  const auto recording = open(header_with("Ch2=Cz,,1,C\nCh3=Oz,,1,C\nCh1=Fz,,1,C\n", 3), 3);
  EXPECT_THAT(names(*recording), ElementsAre("Fz", "Cz", "Oz"));
  EXPECT_THAT(recording->info().warnings, IsEmpty());
}

TEST(BrainVisionLenient, as_many_lines_as_channels_are_taken_in_their_order) {
  const auto gap = open(header_with("Ch1=Fz,,1,C\nCh3=Cz,,1,C\nCh4=Oz,,1,C\n", 3), 3);
  EXPECT_THAT(names(*gap), ElementsAre("Fz", "Cz", "Oz"));
  EXPECT_EQ(first_value(*gap, 2), 300);
  EXPECT_THAT(gap->info().warnings, ElementsAre(HasSubstr("channel 2 is Ch3")));
  const auto twice = open(header_with("Ch1=Fz,,1,C\nCh2=Cz,,1,C\nCh2=Oz,,1,C\n", 3), 3);
  EXPECT_THAT(names(*twice), ElementsAre("Fz", "Cz", "Oz"));
  EXPECT_THAT(twice->info().warnings, ElementsAre(HasSubstr("channel 3 is Ch2")));
}

TEST(BrainVisionLenient, a_channel_without_a_line_is_left_out_where_it_lies) {
  const auto recording = open(header_with("Ch1=Fz,,1,C\nCh3=Oz,,1,C\n", 3), 3);
  EXPECT_THAT(names(*recording), ElementsAre("Fz", "Oz"));
  EXPECT_EQ(first_value(*recording, 1), 300);
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("Ch2: the header has no line")));
}

TEST(BrainVisionLenient, a_channel_with_a_damaged_resolution_is_left_out) {
  const auto recording = open(header_with("Ch1=Fz,,x,C\nCh2=Oz,,2,C\n", 2), 2);
  EXPECT_THAT(names(*recording), ElementsAre("Oz"));
  EXPECT_EQ(first_value(*recording, 0), 400);
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("Ch1: the resolution: 'x'")));
}

TEST(BrainVisionLenient, a_line_too_many_is_named) {
  const auto recording =
      open(header_with("Ch1=Fz,,1,C\nCh1=Pz,,1,C\nCh2=Cz,,1,C\nCh2=Cz,,1,C\n", 2), 2);
  EXPECT_THAT(names(*recording), ElementsAre("Fz", "Cz"));
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("Ch1 of 2 channels: 'Pz")));
}

TEST(BrainVisionLenient, markers_survive_gaps_repeats_and_any_order_of_their_numbers) {
  const std::string markers = kMarkerTitle +
                              "[Marker Infos]\nMk1=New Segment,,1,1,0\nMk7=Stimulus,c,7,1,0\n"
                              "Mk3=Stimulus,a,3,1,0\nMk3=Stimulus,b,5,1,0\nMk12=Stimulus,d,9,1,0\n";
  const auto recording = open(header_with("Ch1=Fz,,1,C\n", 1), 1, markers);
  EXPECT_THAT(texts(*recording),
              ElementsAre("New Segment/", "Stimulus/a", "Stimulus/b", "Stimulus/c", "Stimulus/d"));
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("Mk3")));
}

TEST(BrainVisionLenient, a_marker_that_cannot_be_read_is_left_out_and_named) {
  const std::string markers =
      kMarkerTitle +
      "[Marker "
      "Infos]\nMk1=Stimulus,a,one,1,0\nMk2=Stimulus\nMk3=Stimulus,b,-4,1,0\nMk4=Stimulus,c,5,1,0\n";
  const auto recording = open(header_with("Ch1=Fz,,1,C\n", 1), 1, markers);
  EXPECT_THAT(texts(*recording), ElementsAre("Stimulus/c"));
  EXPECT_THAT(recording->info().warnings,
              ElementsAre(testing::AllOf(HasSubstr("Mk1"), HasSubstr("Mk2"), HasSubstr("Mk3"))));
}

TEST(BrainVisionLenient, commas_that_a_writer_did_not_escape_belong_to_the_text) {
  const auto recording = open(header_with("Ch1=A,,1,uV\n", 1), 1,
                              kMarkerTitle +
                                  "[Marker Infos]\nMk1=New Segment,,1,1,0,20240102030405000000\n"
                                  "Mk2=Comment,One, two,3,2,0\n"
                                  "Mk3=Comment,Give me 3, 4, or 5 of them,6,1,0,\n"
                                  "Mk4=Comment,a\\1b,8,1,0\n");
  EXPECT_THAT(texts(*recording), ElementsAre("New Segment/", "Comment/One, two",
                                             "Comment/Give me 3, 4, or 5 of them", "Comment/a,b"));
  EXPECT_DOUBLE_EQ(recording->info().annotations[1].duration_s, 0.002);
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("commas of a text")));
}

TEST(BrainVisionLenient, each_text_is_read_in_its_own_code_page) {
  const auto recording = open(header_with("Ch1=C\xE2n,,1,\xC2\xB5V\nCh2=Oz,,1,\xB5V\n", 2), 2,
                              kMarkerTitle + "[Marker Infos]\nMk1=Comment,\xFF\xE9,2,1,0\n");
  EXPECT_EQ(recording->info().channels[0].name, "C\xC3\xA2n");
  EXPECT_EQ(recording->info().channels[0].unit, "V") << "one Latin-1 byte spoils no other line";
  EXPECT_EQ(recording->info().channels[1].unit, "V");
  EXPECT_THAT(texts(*recording), ElementsAre("Comment/\xC3\xBF\xC3\xA9"));
  EXPECT_THAT(recording->info().warnings, Contains(HasSubstr("[channel infos] ch1")));
}

TEST(BrainVisionLenient, utf_16_with_its_mark_is_decoded) {
  const std::string header = header_with("Ch1=\xC3\x84rm,,1,C\n", 1);
  std::string wide = "\xFF\xFE";
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header.substr(i, 2) == "\xC3\x84") {
      wide += std::string("\xC4\0", 2);
      ++i;
    } else {
      wide += header[i];
      wide += '\0';
    }
  }
  EXPECT_THAT(names(*open(wide, 1)), ElementsAre("\xC3\x84rm"));
}

TEST(BrainVisionLenient, a_sampling_interval_may_have_a_decimal_comma) {
  std::string header = header_with("Ch1=Fz,,1,C\n", 1);
  header.replace(header.find("=1000"), 5, "=3906,25");
  EXPECT_DOUBLE_EQ(open(header, 1)->info().rate_hz, 256);
}

class BrainVisionFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string header = header_with("Ch1=Fz,,1,C\n", 1);
    header.replace(header.find("DataFile=x.eeg"), 14, "DataFile=x.eeg\nMarkerFile=x.vmrk");
    write_text_file(dir_ / "x.vhdr", header);
    write_text_file(dir_ / "x.eeg", std::string(20, '\1'));
    write_text_file(dir_ / "x.vmrk", kMarkerTitle + "[Marker Infos]\nMk1=Stimulus,a,3,1,0\n");
  }
  test::TempDir dir_;
};

TEST_F(BrainVisionFolder, without_its_marker_file_the_samples_are_read) {
  std::filesystem::remove(dir_ / "x.vmrk");
  const auto recording = open_recording(dir_ / "x.vhdr");
  EXPECT_EQ(recording->info().num_samples, 10);
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("x.vmrk is missing")));
}

TEST_F(BrainVisionFolder, renamed_together_its_files_are_found) {
  for (const char* extension : {"vhdr", "eeg", "vmrk"}) {
    std::filesystem::rename(dir_ / (std::string("x.") + extension),
                            dir_ / (std::string("y.") + extension));
  }
  const auto recording = open_recording(dir_ / "y.vmrk");
  EXPECT_EQ(recording->info().annotations.size(), 1u);
}

TEST_F(BrainVisionFolder, a_header_names_its_companions_and_they_lead_to_it) {
  EXPECT_EQ(describing_file(dir_ / "x.eeg"), dir_ / "x.vhdr");
  EXPECT_EQ(describing_file(dir_ / "x.vmrk"), dir_ / "x.vhdr");
  EXPECT_THAT(companion_files(dir_ / "x.vhdr"), ElementsAre(dir_ / "x.eeg", dir_ / "x.vmrk"));
  EXPECT_THAT(companion_files(dir_ / "x.eeg"), testing::Not(Contains(dir_ / "x.vhdr")));
}

}  // namespace
}  // namespace nest::io
