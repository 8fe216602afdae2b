#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/recording_names.h"
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
using testing::ThrowsMessage;

/// Recordings as people have them: EEG, EOG, a trigger; sentences, marks of MNE and BrainVision.
class ImportRecordings : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name) {
    io::RecordingInfo info;
    info.rate_hz = 100;
    for (const char* label : {"EEG Fp1-REF", "Cz", "VEOG", "ECG", "STI 014", "GSR"}) {
      info.channels.push_back({.name = label, .unit = "V"});
    }
    info.annotations = {{0, 0, "New Segment/", ""}, {1, 2, "Comment/The cat sat.", ""},
                        {4, 1, "BAD_blink", ""},    {6, 1, "bad weather today", ""},
                        {8, 0, "a marker", ""},     {9, 0.5, "EDGE boundary", ""}};
    Tensor samples(DType::kF32, {6, 1000});
    for (std::size_t i = 0; i < 6000; ++i) {
      samples.mutable_data<float>()[i] = static_cast<float>(i % 37) * (i < 2000 ? 1e-6f : 1e-3f);
    }
    const auto path = in_ / name;
    std::filesystem::create_directories(path.parent_path());
    io::write_edf(path, *io::make_recording(info, samples));
    return path;
  }
  ImportOptions options() const {
    ImportOptions o;
    o.format = ImportFormat::kAnnotations;
    o.in = in_.string();
    o.out = (dir_ / "out").string();
    return o;
  }
  static std::vector<std::string> texts(const Dataset& dataset) {
    std::vector<std::string> result;
    for (const Utterance& u : dataset.utterances()) result.push_back(u.text);
    return result;
  }
  test::TempDir dir_;
  std::filesystem::path in_ = dir_ / "in";
};

TEST_F(ImportRecordings, only_eeg_is_signal_unless_other_types_or_names_are_asked_for) {
  write("a.edf");
  EXPECT_THAT(import_dataset(options()).info().signal.channels, ElementsAre("Fp1", "Cz"));
  auto o = options();
  o.recordings.channel_types = {"eeg", "eog"};
  EXPECT_THAT(import_dataset(o).info().signal.channels, ElementsAre("Fp1", "Cz", "VEOG"));
  o = options();
  o.recordings.channels = {"cz", "FP1"};
  EXPECT_THAT(import_dataset(o).info().signal.channels, ElementsAre("Cz", "Fp1"));
  o = options();
  o.recordings.exclude = {"CZ"};
  EXPECT_THAT(import_dataset(o).info().signal.channels, ElementsAre("Fp1"));
  o.recordings.exclude = {"Oz"};
  EXPECT_THAT([&] { import_dataset(o); },
              ThrowsMessage<Error>(HasSubstr("'Oz', which no recording has; there are: Cz, ECG")));
  o.recordings.channels = {"Oz"};
  EXPECT_THAT([&] { import_dataset(o); },
              ThrowsMessage<Error>(HasSubstr("no channel 'Oz'; there are: EEG Fp1-REF")));
  o = options();
  o.recordings.channel_types = {"meg"};
  EXPECT_THAT([&] { import_dataset(o); }, ThrowsMessage<Error>(HasSubstr("no channel is left")));
}

TEST_F(ImportRecordings, an_electrode_asked_for_by_its_other_name_is_found_and_said) {
  io::RecordingInfo info;
  info.rate_hz = 100;
  info.channels = {{.name = "EEG T3-REF", .unit = "V"}, {.name = "Cz", .unit = "V"}};
  info.annotations = {{1, 2, "hello", ""}};
  std::filesystem::create_directories(in_);
  io::write_edf(in_ / "a.edf", *io::make_recording(info, Tensor(DType::kF32, {2, 500})));
  auto o = options();
  o.normalize = false;
  o.recordings.channels = {"T7", "CZ"};
  test::LogCapture log;
  EXPECT_THAT(import_dataset(o).info().signal.channels, ElementsAre("T3", "Cz"));
  EXPECT_THAT(log.text(), HasSubstr("T7 is EEG T3-REF here"));
}

TEST_F(ImportRecordings, millivolts_of_other_channels_do_not_reach_the_average_or_the_fit) {
  write("a.edf");
  auto o = options();
  o.ref_electrode = "average";
  const Dataset dataset = import_dataset(o);
  for (const double deviation : dataset.info().signal.stddev) EXPECT_LT(deviation, 50e-6);
}

TEST_F(ImportRecordings, options_for_recordings_are_refused_by_formats_that_ignore_them) {
  auto o = options();
  o.recordings.text_column = "word";
  EXPECT_THAT([&] { import_dataset(o); }, ThrowsMessage<Error>(HasSubstr("tables of events")));
  o = options();
  o.format = ImportFormat::kZuco;
  o.recordings.exclude = {"Cz"};
  EXPECT_THAT([&] { import_dataset(o); }, ThrowsMessage<Error>(HasSubstr("recordings.exclude")));
}

TEST_F(ImportRecordings, what_was_left_out_is_said_once_a_file_and_in_total) {
  write("a.edf");
  write("b.edf");
  test::LogCapture log;
  import_dataset(options());
  const std::string text = log.text();
  EXPECT_THAT(text, HasSubstr("2 channels; left out: ECG (ecg), VEOG (eog), GSR (misc), STI 014 "
                              "(stim)"));
  EXPECT_THAT(text, HasSubstr("a.edf: 4 annotations left out: 1 EDGE of joined recordings, 1 New "
                              "Segment, 1 marked BAD, 1 without a duration"));
  EXPECT_THAT(text, HasSubstr("4 utterances of 2 recordings; 8 annotations left out"));
}

TEST_F(ImportRecordings, texts_follow_the_rules_and_the_rule_of_spelling_is_kept) {
  write("a.edf");
  EXPECT_THAT(texts(import_dataset(options())), ElementsAre("The cat sat.", "bad weather today"));
  auto o = options();
  o.text_rule = {.letter_case = text::LetterCase::kLower, .punctuation = false};
  o.recordings.text_filter = "cat";
  import_dataset(o);
  const Dataset dataset = Dataset::open(o.out, {.strict = true});
  EXPECT_THAT(texts(dataset), ElementsAre("the cat sat"));
  EXPECT_EQ(dataset.info().text_rule, o.text_rule);
  o.recordings.text_filter = "(";
  EXPECT_THAT([&] { import_dataset(o); }, ThrowsMessage<Error>(HasSubstr("no regular expression")));
}

TEST_F(ImportRecordings, folders_are_walked_and_ids_stay_unique) {
  write("s01/day1.edf");
  write("s02/day1.edf");
  auto o = options();
  o.recordings.name_pattern = "{subject}/{session}.edf";
  const Dataset dataset = import_dataset(o);
  ASSERT_EQ(dataset.size(), 4u);
  std::set<std::string> ids;
  for (const Utterance& u : dataset.utterances()) ids.insert(u.id);
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_EQ(dataset.utterance(3).subject, "s02");
  EXPECT_EQ(dataset.utterance(3).session, "day1");
}

TEST_F(ImportRecordings, copies_of_one_name_do_not_overwrite_each_other) {
  write("s01/day1.edf");
  write("s02/day1.edf");
  auto o = options();
  o.copy = true;
  o.normalize = false;
  import_dataset(o);
  std::filesystem::remove_all(in_);
  const Dataset dataset = Dataset::open(o.out, {.strict = true});
  EXPECT_EQ(dataset.size(), 4u);
  EXPECT_NE(dataset.utterance(0).signal, dataset.utterance(3).signal);
  EXPECT_EQ(dataset.load_signal(3).shape(), (Shape{2, 100}));
}

TEST_F(ImportRecordings, mne_written_bids_brings_types_bad_channels_and_events) {
  ImportOptions o;
  o.format = ImportFormat::kBids;
  o.in = (test::tests_dir() / "golden/bids/dataset").string();
  o.out = (dir_ / "out").string();
  o.copy = true;
  import_dataset(o);
  const Dataset dataset = Dataset::open(o.out, {.strict = true});
  EXPECT_THAT(dataset.info().signal.channels, ElementsAre("Fp1", "Fp2", "Cz", "O1"));
  ASSERT_EQ(dataset.size(), 8u);
  const Utterance& u = dataset.utterance(5);
  EXPECT_EQ(u.subject, "02");
  EXPECT_EQ(u.session, "a");
  EXPECT_EQ(u.text, "A dog ran!");
  EXPECT_EQ(u.extra.at("task"), "read");
  EXPECT_EQ(u.extra.at("bad_channels"), Json::array({"O1"}));
  EXPECT_EQ(u.ranges[0].first_sample, 200);
  EXPECT_EQ(u.ranges[0].num_samples, 150);
  EXPECT_FALSE(dataset.utterance(0).extra.contains("bad_channels"));
  EXPECT_EQ(dataset.load_signal(5).shape(), (Shape{4, 150}));
  o.recordings.text_column = "sentence";
  EXPECT_THAT([&] { import_dataset(o); },
              ThrowsMessage<Error>(HasSubstr(
                  "no column 'sentence' for the text; there are: duration, onset, sample")));
}

TEST_F(ImportRecordings, bids_tables_above_count_and_a_broken_one_costs_its_recording) {
  for (const char* subject : {"1", "2"}) {
    const std::string stem = fmt::format("sub-{0}/eeg/sub-{0}_task-read_", subject);
    std::filesystem::rename(write(stem + "x.edf"), in_ / (stem + "eeg.edf"));
    write_text_file(in_ / (stem + "events.tsv"),
                    "onset\tduration\tword\n1.5\t0.5\tcat\nlater\t1\towl\n2\tn/a\tdog\n");
  }
  write_text_file(in_ / "task-read_channels.tsv", "name\ttype\nVEOG\tEEG\nCz\tMISC\n");
  auto o = options();
  o.format = ImportFormat::kBids;
  o.recordings.text_column = "word";
  test::LogCapture log;
  const Dataset dataset = import_dataset(o);
  EXPECT_THAT(texts(dataset), ElementsAre("cat", "cat"));
  EXPECT_THAT(dataset.info().signal.channels, ElementsAre("Fp1", "VEOG"));
  EXPECT_THAT(log.text(), HasSubstr("VEOG is called EEG, which its name is not"));
  EXPECT_THAT(log.text(), HasSubstr("2 annotations left out: 2 without a duration"));
  EXPECT_THAT(log.text(), HasSubstr("1 of 3 rows left out"));
  EXPECT_THAT(log.text(), HasSubstr("sub-1_task-read_events.tsv:3: onset is 'later'"));
  write_text_file(in_ / "sub-2/eeg/sub-2_task-read_events.tsv",
                  "onset\tduration\tword\nsoon\t1\tcat\n");
  EXPECT_EQ(import_dataset(o).size(), 1u);
  EXPECT_THAT(log.text(), HasSubstr("events.tsv:2: onset is 'soon', no number of seconds"));
  o.strict = true;
  EXPECT_THAT([&] { import_dataset(o); }, ThrowsMessage<Error>(HasSubstr("'later'")));
}

TEST(RecordingNames, come_from_bids_a_pattern_or_a_table) {
  const RecordingNames bids("in", "", "");
  EXPECT_EQ(bids.of("in/sub-07_ses-2_task-read_eeg.edf").subject, "07");
  EXPECT_EQ(bids.of("in/sub-07_ses-2_task-read_eeg.edf").session, "2");
  EXPECT_EQ(bids.of("in/sub-07_ses-2_task-read_eeg.edf").task, "read");
  EXPECT_EQ(bids.of("in/anna.edf").subject, "anna");
  EXPECT_EQ(bids.of("in/anna.edf").session, "1");
  const RecordingNames pattern("in", "{subject}_day{session}*", "");
  EXPECT_EQ(pattern.of("in/x/anna_day3_raw.fif").subject, "anna");
  EXPECT_EQ(pattern.of("in/x/anna_day13_raw.fif").session, "13");
  EXPECT_THROW(pattern.of("in/anna.edf"), Error);
  EXPECT_THROW(RecordingNames("in", "{person}", ""), Error);
  EXPECT_THROW(RecordingNames("in", "*_raw", ""), Error);
  const test::TempDir dir;
  write_text_file(dir / "names.tsv", "file\tsubject\tsession\na.edf\tS1\tr1\nx/b.edf\tS2\tr2\n");
  const RecordingNames table("in", "", (dir / "names.tsv").string());
  EXPECT_EQ(table.of("in/y/a.edf").subject, "S1");
  EXPECT_EQ(table.of("in/x/b.edf").session, "r2");
  EXPECT_THROW(table.of("in/c.edf"), Error);
}

}  // namespace
}  // namespace nest::data
