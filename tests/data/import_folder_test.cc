// A folder of recordings of several files each, with things beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/data/import.h"
#include "nest/io/edf.h"
#include "tests/support/log_capture.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ImportFolder : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(in()); }
  std::filesystem::path in() const { return dir_ / "in"; }

  // A second of one channel at 100 Hz with one word in it.
  void write_brainvision(const std::string& name, const std::string& word) const {
    write_text_file(
        in() / (name + ".vhdr"),
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile=" + name +
            ".eeg\nMarkerFile=" + name +
            ".vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
            "NumberOfChannels=1\nSamplingInterval=10000\n[Binary "
            "Infos]\nBinaryFormat=INT_16\n[Channel Infos]\nCh1=Cz,,1,uV\n");
    write_text_file(in() / (name + ".eeg"), std::string(200, '\1'));
    write_text_file(
        in() / (name + ".vmrk"),
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Marker Infos]\nMk1=Comment," + word +
            ",11,50,0\n");
  }
  void write_edf(const std::string& name, const std::string& word) const {
    io::RecordingInfo info;
    info.rate_hz = 100;
    info.channels = {{.name = "Cz", .unit = "V"}};
    info.annotations = {{0.1, 0.5, word, ""}};
    io::write_edf(in() / name, *io::make_recording(info, Tensor(DType::kF32, {1, 100})));
  }
  Dataset import(bool copy = false, bool strict = false) const {
    ImportOptions options;
    options.format = ImportFormat::kAnnotations;
    options.in = in().string();
    options.out = (dir_ / "out").string();
    options.normalize = false;
    options.copy = copy;
    options.strict = strict;
    return import_dataset(options);
  }
  static std::vector<std::string> ids(const Dataset& dataset) {
    std::vector<std::string> result;
    for (const Utterance& utterance : dataset.utterances()) result.push_back(utterance.id);
    return result;
  }
  test::TempDir dir_;
};

TEST_F(ImportFolder, a_triple_of_files_is_one_recording) {
  write_brainvision("a", "one");
  write_brainvision("b", "two");
  const Dataset dataset = import();
  EXPECT_THAT(ids(dataset), ElementsAre("a_0000", "b_0000"));
  EXPECT_EQ(dataset.utterance(1).text, "two");
}

TEST_F(ImportFolder, a_copy_takes_the_companions_along) {
  write_brainvision("a", "one");
  import(true);
  std::filesystem::remove_all(in());
  const Dataset dataset = Dataset::open(dir_ / "out", {.strict = true});
  EXPECT_EQ(dataset.load_signal(0).shape(), (Shape{1, 50}));
}

TEST_F(ImportFolder, a_data_file_alone_stands_for_its_recording) {
  write_brainvision("a", "one");
  ImportOptions options;
  options.format = ImportFormat::kAnnotations;
  options.in = (in() / "a.eeg").string();
  options.out = (dir_ / "out").string();
  options.normalize = false;
  options.copy = true;
  import_dataset(options);
  std::filesystem::remove_all(in());
  const Dataset dataset = Dataset::open(dir_ / "out", {.strict = true});
  EXPECT_EQ(dataset.load_signal(0).shape(), (Shape{1, 50}));
}

TEST_F(ImportFolder, recordings_of_one_name_get_distinct_ids) {
  write_brainvision("a", "one");
  write_edf("a.edf", "two");
  EXPECT_THAT(ids(import()), ElementsAre("a.edf_0000", "a.vhdr_0000"));
}

TEST_F(ImportFolder, tables_and_hidden_copies_beside_recordings_are_none) {
  write_edf("sub-1_eeg.edf", "one");
  write_text_file(in() / "sub-1_events.tsv", "onset\tduration\ttrial_type\n1.0\t0.5\tgo\n");
  write_text_file(in() / "participants.tsv", "participant_id\tage\nsub-1\t30\n");
  std::filesystem::copy_file(in() / "sub-1_eeg.edf", in() / "._sub-1_eeg.edf");
  EXPECT_THAT(ids(import()), ElementsAre("sub-1_eeg_0000"));
}

TEST_F(ImportFolder, links_to_files_that_were_not_fetched_are_named) {
  write_edf("a.edf", "one");
  std::filesystem::create_symlink(in() / "nowhere", in() / "b.edf");
  test::LogCapture log;
  EXPECT_THAT(ids(import()), ElementsAre("a_0000"));
  EXPECT_THAT(log.text(), HasSubstr("1 file left out: links to nothing, such as"));
}

TEST_F(ImportFolder, a_split_fif_is_one_recording) {
  for (const char* name : {"split_raw.fif", "split_raw-1.fif"}) {
    std::filesystem::copy_file(test::tests_dir() / "golden/fif" / name, in() / name);
  }
  write_edf("z.edf", "one");
  const Dataset dataset = import();
  for (const Utterance& utterance : dataset.utterances()) {
    EXPECT_EQ(utterance.signal.find("split_raw-1"), std::string::npos) << utterance.signal;
  }
}

TEST_F(ImportFolder, a_recording_that_cannot_be_read_costs_itself_unless_strict) {
  write_edf("a.edf", "one");
  write_edf("b.edf", "two");
  std::filesystem::resize_file(in() / "b.edf", 700);
  EXPECT_THAT(ids(import()), ElementsAre("a_0000"));
  EXPECT_THAT([&] { import(false, true); }, testing::ThrowsMessage<Error>(HasSubstr("b.edf")));
}

TEST_F(ImportFolder, a_warning_about_a_recording_is_an_error_if_strict) {
  write_brainvision("a", "\xFF");
  EXPECT_EQ(import().utterance(0).text, "\xC3\xBF");
  EXPECT_THAT([&] { import(false, true); },
              testing::ThrowsMessage<Error>(HasSubstr("read as Latin-1")));
}

TEST_F(ImportFolder, what_is_wrong_with_a_file_is_said_once) {
  write_brainvision("a", "\xFF");
  test::LogCapture log;
  const Dataset dataset = import();
  static_cast<void>(dataset.load_signal(0));
  const std::string text = log.text();
  const std::size_t first = text.find("read as Latin-1");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("read as Latin-1", first + 1), std::string::npos) << text;
}

TEST_F(ImportFolder, a_file_name_that_no_manifest_can_hold_is_refused_by_name) {
  write_edf("a\xFF.edf", "one");
  EXPECT_THAT([&] { import(); }, testing::ThrowsMessage<Error>(HasSubstr("the name is no UTF-8")));
}

}  // namespace
}  // namespace nest::data
