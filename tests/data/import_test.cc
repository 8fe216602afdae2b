#include "nest/data/import.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/io/edf.h"
#include "nest/io/npy.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::data {
namespace {

class Import : public testing::Test {
 protected:
  void SetUp() override {
    out_ = test::process_temp_dir() /
           (std::string("import_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(out_);
  }
  void TearDown() override { std::filesystem::remove_all(out_); }

  ImportOptions options(ImportFormat format, const std::string& folder) {
    ImportOptions options;
    options.format = format;
    options.in = (shared_ / folder).string();
    options.out = out_.string();
    return options;
  }
  static std::map<std::string, int> splits(const Dataset& dataset) {
    std::map<std::string, int> counts;
    for (const auto& u : dataset.utterances()) ++counts[u.split];
    return counts;
  }
  const std::filesystem::path shared_ = test::shared_dir() / "data";
  std::filesystem::path out_;
};

#define NEST_NEEDS(folder) \
  if (!std::filesystem::exists(shared_ / folder)) GTEST_SKIP() << "not there: " << shared_ / folder

TEST_F(Import, ssvep_trials_have_the_official_split_and_length) {
  NEST_NEEDS("ssvep-exo");
  auto o = options(ImportFormat::kSsvepExo, "ssvep-exo");
  o.window_start_s = 0.5;
  o.window_length_s = 4.5;
  import_dataset(o);
  const Dataset dataset = Dataset::open(out_, {.strict = true});
  EXPECT_EQ(splits(dataset), (std::map<std::string, int>{{"test", 288}, {"train", 416}}));
  EXPECT_EQ(dataset.utterance(0).ranges[0].first_sample, 3964 + 128);
  EXPECT_EQ(dataset.load_signal(0).shape(), (Shape{8, 1152}));
  EXPECT_EQ(dataset.info().signal.channels.front(), "Oz");
  EXPECT_EQ(dataset.info().normalization_fit["num_utterances"], 416);
}

TEST_F(Import, ssvep_utterances_join_the_trials_their_text_names) {
  NEST_NEEDS("ssvep-exo");
  auto o = options(ImportFormat::kSsvepExo, "ssvep-exo");
  o.mode = TrialMode::kUtterances;
  o.normalize = false;
  import_dataset(o);
  const Dataset dataset = Dataset::open(out_, {.strict = true});
  const Utterance& u = dataset.utterance(0);
  EXPECT_EQ(u.text, "BCBRBCRC");
  ASSERT_EQ(u.ranges.size(), 8u);
  const Tensor joined = dataset.load_signal(0);
  EXPECT_EQ(joined.shape(), (Shape{8, 8 * 1280}));
  const auto recording = io::open_recording(shared_ / "ssvep-exo/s01_r1.edf");
  const Tensor third = recording->read({}, u.ranges[2].first_sample, 1280);
  EXPECT_EQ(joined.data<float>()[2 * 1280 + 77], third.data<float>()[77]);
}

TEST_F(Import, a_spellers_rest_trials_are_background) {
  NEST_NEEDS("ssvep-exo");
  auto o = options(ImportFormat::kSsvepExo, "ssvep-exo");
  o.mode = TrialMode::kSpeller;
  o.normalize = false;
  const Dataset dataset = import_dataset(o);
  EXPECT_EQ(splits(dataset), (std::map<std::string, int>{{"test", 216}, {"train", 312}}));
  for (const Utterance& u : dataset.utterances()) EXPECT_NE(u.text, "R");
}

TEST_F(Import, a_validation_part_comes_from_training_sessions_only) {
  NEST_NEEDS("ssvep-exo");
  auto o = options(ImportFormat::kSsvepExo, "ssvep-exo");
  o.split.validation_fraction = 0.15;
  o.split.by = SplitBy::kSession;
  const Dataset dataset = import_dataset(o);
  const auto counts = splits(dataset);
  EXPECT_EQ(counts.at("test"), 288);
  EXPECT_EQ(counts.at("validation"), 64);
  std::map<std::string, std::set<std::string>> of_session;
  for (const auto& u : dataset.utterances()) of_session[u.subject + u.session].insert(u.split);
  for (const auto& [session, names] : of_session) EXPECT_EQ(names.size(), 1u) << session;
}

TEST_F(Import, feis_numbers_become_volts_around_the_documented_offset) {
  NEST_NEEDS("feis-prespeech");
  auto o = options(ImportFormat::kFeis, "feis-prespeech");
  o.normalize = false;
  import_dataset(o);
  const Dataset dataset = Dataset::open(out_, {.strict = true});
  EXPECT_EQ(splits(dataset), (std::map<std::string, int>{{"test", 240}, {"train", 720}}));
  const Tensor stored = io::read_npy(shared_ / "feis-prespeech/sub01_X.npy");
  const Tensor loaded = dataset.load_signal(1);
  EXPECT_EQ(loaded.shape(), (Shape{14, 256}));
  EXPECT_EQ(dataset.utterance(1).text, "thought");
  const double raw = stored.data<std::int16_t>()[14 * 256 + 3 * 256 + 9];
  EXPECT_NEAR(loaded.data<float>()[3 * 256 + 9], (4200 + 0.1282051282 * raw) * 1e-6, 1e-9);
}

TEST_F(Import, cvep_trials_carry_their_code_index) {
  NEST_NEEDS("cvep-dareplane");
  const Dataset dataset = import_dataset(options(ImportFormat::kCvep, "cvep-dareplane"));
  EXPECT_EQ(splits(dataset), (std::map<std::string, int>{{"test", 8}, {"train", 16}}));
  EXPECT_EQ(dataset.utterance(0).text, "P");
  EXPECT_EQ(dataset.utterance(0).extra["code_index"], 15);
  EXPECT_EQ(dataset.load_signal(0).shape(), (Shape{32, 504}));
}

TEST_F(Import, each_annotation_with_a_duration_becomes_an_utterance_and_copies_if_asked) {
  const auto edf = out_.string() + "_source.edf";
  io::RecordingInfo info;
  info.rate_hz = 100;
  info.channels = {{.name = "EEG Cz", .unit = "V"}};
  info.annotations = {{1, 2, "hello world", ""}, {4, 0, "marker", ""}, {5, 1.5, "bye", ""}};
  Tensor ramp(DType::kF32, {1, 1000});
  for (std::size_t i = 0; i < 1000; ++i)
    ramp.mutable_data<float>()[i] = static_cast<float>(i) * 1e-6f;
  io::write_edf(edf, *io::make_recording(info, ramp));
  ImportOptions o;
  o.format = ImportFormat::kAnnotations;
  o.in = edf;
  o.out = out_.string();
  o.copy = true;
  o.normalize = false;
  import_dataset(o);
  std::filesystem::remove(edf);
  const Dataset dataset = Dataset::open(out_, {.strict = true});
  ASSERT_EQ(dataset.size(), 2u);
  EXPECT_EQ(dataset.utterance(0).text, "hello world");
  EXPECT_EQ(dataset.info().signal.channels, std::vector<std::string>{"Cz"});
  const Tensor bye = dataset.load_signal(1);
  EXPECT_EQ(bye.shape(), (Shape{1, 150}));
  EXPECT_NEAR(bye.data<float>()[0], 500e-6, 1e-8);
}

TEST_F(Import, recordings_of_two_rates_become_one_dataset_when_they_are_to_be_resampled) {
  std::filesystem::create_directories(out_ / "in");
  for (const double rate_hz : {100.0, 128.0}) {
    io::RecordingInfo info;
    info.rate_hz = rate_hz;
    info.channels = {{.name = "EEG Cz-REF", .unit = "V"}};
    info.annotations = {{1, 2, "hello", ""}};
    const auto samples = static_cast<std::int64_t>(5 * rate_hz);
    io::write_edf(out_ / "in" / fmt::format("{}.edf", rate_hz),
                  *io::make_recording(info, Tensor(DType::kF32, {1, samples})));
  }
  ImportOptions o;
  o.format = ImportFormat::kAnnotations;
  o.in = (out_ / "in").string();
  o.out = (out_ / "data").string();
  o.normalize = false;
  import_dataset(o);
  EXPECT_EQ(Dataset::open(o.out).size(), 1u);  // the other rate is left out
  o.resample_hz = 50;
  import_dataset(o);
  const Dataset dataset = Dataset::open(o.out, {.strict = true});
  ASSERT_EQ(dataset.size(), 2u);
  EXPECT_EQ(dataset.info().signal.rate_hz, 50);
  EXPECT_EQ(dataset.info().signal.channels, std::vector<std::string>{"Cz"});
  EXPECT_EQ(dataset.utterance(0).ranges.front().num_samples, 200);
  EXPECT_EQ(dataset.utterance(1).ranges.front().num_samples, 256);
  for (const std::size_t i : {0u, 1u}) {
    EXPECT_EQ(dataset.num_samples(i), 100);
    EXPECT_EQ(dataset.load_signal(i).shape(), (Shape{1, 100}));
  }
}

TEST_F(Import, a_recording_named_relatively_is_found_from_a_new_folder) {
  std::filesystem::create_directories(out_);
  io::RecordingInfo info;
  info.rate_hz = 100;
  info.channels = {{.name = "Cz", .unit = "V"}};
  info.annotations = {{1, 2, "hello", ""}};
  const auto edf = out_ / "recording.edf";
  io::write_edf(edf, *io::make_recording(info, Tensor(DType::kF32, {1, 500})));
  ImportOptions o;
  o.format = ImportFormat::kAnnotations;
  o.in = std::filesystem::relative(edf).string();
  o.out = std::filesystem::relative(out_ / "not" / "there" / "yet").string();
  o.normalize = false;
  import_dataset(o);
  EXPECT_EQ(Dataset::open(o.out, {.strict = true}).load_signal(0).shape(), (Shape{1, 200}));
}

}  // namespace
}  // namespace nest::data
