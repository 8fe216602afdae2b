// Bad rows in the tables of trials that importers read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/data/import.h"
#include "nest/io/edf.h"
#include "nest/io/npy.h"
#include "tests/support/log_capture.h"
#include "tests/support/temp_dir.h"

namespace nest::data {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

class ImportTable : public testing::Test {
 protected:
  void write_labels(const std::string& rows) const { write_text_file(dir_ / "labels.tsv", rows); }
  /// Five trials of the c-VEP speller, ten samples each.
  void write_trials() const { io::write_npy(dir_ / "X_uV.npy", Tensor(DType::kF32, {5, 32, 10})); }

  std::vector<std::string> import(ImportFormat format, bool strict = false,
                                  TrialMode mode = TrialMode::kTrials) const {
    ImportOptions options;
    options.format = format;
    options.in = dir_.path().string();
    options.out = (dir_ / "out").string();
    options.mode = mode;
    options.window_length_s = 0.5;
    options.normalize = false;
    options.strict = strict;
    const Dataset dataset = import_dataset(options);
    std::vector<std::string> ids;
    for (const Utterance& u : dataset.utterances()) ids.push_back(u.id);
    return ids;
  }
  test::TempDir dir_;
};

TEST_F(ImportTable, a_bad_row_costs_itself_and_is_named) {
  write_trials();
  write_labels(
      "trial\tchar\tcode_index\tsplit\n0\tA\t1\ttrain\n1\tB\n2x\tC\t1\ttrain\n\n"
      "3\tD\tseven\ttrain\n4\tE\t2\ttrain\n");
  const test::LogCapture log;
  EXPECT_THAT(import(ImportFormat::kCvep), ElementsAre("cvep_t00", "cvep_t04"));
  EXPECT_THAT(log.text(), AllOf(HasSubstr("3 of 5 rows left out"),
                                HasSubstr("labels.tsv:3: 2 fields, the header has 4"),
                                HasSubstr("labels.tsv:4: trial: '2x'"),
                                HasSubstr("labels.tsv:6: code_index: 'seven'")));
}

TEST_F(ImportTable, a_bad_row_is_an_error_if_strict_and_if_none_is_left) {
  write_trials();
  write_labels("trial\tchar\tcode_index\tsplit\n0\tA\t1\ttrain\n1\tB\n");
  EXPECT_THAT([&] { import(ImportFormat::kCvep, true); },
              ThrowsMessage<Error>(HasSubstr("labels.tsv:3")));
  write_labels("trial\tchar\tcode_index\tsplit\n1\tB\n");
  EXPECT_THAT([&] { import(ImportFormat::kCvep); },
              ThrowsMessage<Error>(HasSubstr("labels.tsv:2")));
}

TEST_F(ImportTable, a_missing_column_is_one_error_and_no_bad_row) {
  write_trials();
  write_labels("trial\tchar\tsplit\n0\tA\ttrain\n1\tB\ttrain\n");
  const test::LogCapture log;
  EXPECT_THAT([&] { import(ImportFormat::kCvep); },
              ThrowsMessage<Error>(HasSubstr("no column 'code_index'")));
  EXPECT_THAT(log.text(), Not(HasSubstr("left out")));
}

TEST_F(ImportTable, joined_trials_of_which_one_is_bad_cost_themselves_only) {
  io::RecordingInfo info;
  info.rate_hz = 100;
  info.channels = {{.name = "Oz", .unit = "V"}};
  io::write_edf(dir_ / "s01_r1.edf", *io::make_recording(info, Tensor(DType::kF32, {1, 500})));
  write_labels(
      "file\ttrial\tonset_sample\tchar\tsplit\nnone\t0\t0\tA\ttrain\n"
      "s01_r1.edf\t1\t0\tA\ttrain\ns01_r1.edf\t2\t?\tB\ttrain\n"
      "s01_r1.edf\t3\t200\tC\ttrain\n");
  write_text_file(dir_ / "utterances.tsv",
                  "utt_id\tfile\ttrials\ttext\tsplit\n"
                  "u1\ts01_r1.edf\t1,2\tAB\ttrain\nu2\ts01_r1.edf\t3,1\tCA\ttrain\n");
  const test::LogCapture log;
  EXPECT_THAT(import(ImportFormat::kSsvepExo, false, TrialMode::kUtterances), ElementsAre("u2"));
  EXPECT_THAT(log.text(), AllOf(HasSubstr("labels.tsv:2: file name 'none'"),
                                HasSubstr("utterances.tsv:2: u1: trial 2 of s01_r1.edf")));
  EXPECT_THAT(import(ImportFormat::kSsvepExo), ElementsAre("s01_r1_t01", "s01_r1_t03"));
}

}  // namespace
}  // namespace nest::data
