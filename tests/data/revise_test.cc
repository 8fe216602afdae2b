// A dataset that exists, changed and summed up.
#include "nest/data/revise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/data/summary.h"
#include "nest/io/edf.h"
#include "tests/support/options_laws.h"
#include "tests/support/temp_dir.h"

namespace nest::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// Three people of four sentences each, two channels, fitted on all of them.
class Revise : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<Utterance> utterances;
    for (const char* subject : {"s1", "s2", "s3"}) {
      io::RecordingInfo info;
      info.rate_hz = 100;
      info.channels = {{.name = "Cz", .unit = "V"}, {.name = "Pz", .unit = "V"}};
      Tensor samples(DType::kF32, {2, 800});
      Rng rng(1, subject);
      for (float& value : samples.mutable_data<float>()) {
        value = static_cast<float>(rng.normal(0, 1e-5));
      }
      io::write_edf(data_ / (std::string(subject) + ".edf"), *io::make_recording(info, samples));
      for (int i = 0; i < 4; ++i) {
        Utterance u;
        u.id = fmt::format("{}_{}", subject, i);
        u.signal = std::string(subject) + ".edf";
        u.ranges = {{200 * i, 200}};
        u.text = fmt::format("Word {}.", i);
        u.subject = subject;
        u.session = "1";
        u.split = "train";
        utterances.push_back(u);
      }
    }
    DatasetInfo info;
    info.name = "three";
    info.signal.rate_hz = 100;
    info.signal.channels = {"Cz", "Pz"};
    info.signal.num_channels = 2;
    Dataset dataset(data_, info, utterances);
    dataset.fit_normalization("train");
    dataset.write(data_);
  }
  RevisionOptions options(const std::string& out) const {
    RevisionOptions o;
    o.data = data_.string();
    if (!out.empty()) o.out = (dir_ / out).string();
    return o;
  }
  Dataset revise(const RevisionOptions& o) const {
    return revise_dataset(Dataset::open(o.data), o);
  }
  test::TempDir dir_;
  std::filesystem::path data_ = dir_ / "data";
};

TEST_F(Revise, another_split_is_fitted_again_and_finds_its_signals_from_another_folder) {
  RevisionOptions o = options("folds/1");
  o.split.by = SplitBy::kSubject;
  o.split.test = {"s2"};
  o.split.validation_by = SplitBy::kUtterance;
  o.split.validation_fraction = 0.25;
  const Json before = Dataset::open(data_).info().normalization_fit;
  revise(o);
  const Dataset fold = Dataset::open(o.out, {.strict = true});
  const DatasetSummary summary = summarize(fold);
  EXPECT_EQ(summary.splits.at("test").subjects, 1u);
  EXPECT_EQ(summary.splits.at("validation").utterances, 3u);
  EXPECT_EQ(summary.fit, FitState::kCurrent);
  EXPECT_EQ(fold.info().normalization_fit["num_utterances"], 5);
  EXPECT_NE(fold.info().normalization_fit["ids_sha256"], before["ids_sha256"]);
  EXPECT_EQ(fold.load_signal(0).shape(), (Shape{2, 200}));
  EXPECT_EQ(Dataset::open(data_).info().normalization_fit, before);
}

TEST_F(Revise, rate_channels_and_spelling_change_how_signals_and_texts_are_loaded) {
  RevisionOptions o = options("");
  o.resample_hz = 50;
  o.exclude = {"CZ"};
  o.text_rule = {.letter_case = text::LetterCase::kLower, .punctuation = false};
  revise(o);
  const Dataset dataset = Dataset::open(data_, {.strict = true});
  EXPECT_THAT(dataset.info().signal.channels, ElementsAre("Pz"));
  EXPECT_EQ(dataset.load_signal(3).shape(), (Shape{1, 100}));
  EXPECT_EQ(dataset.utterance(0).text, "word 0");
  EXPECT_EQ(dataset.info().signal.stddev.size(), 1u);
  o.exclude = {"Oz"};
  EXPECT_THAT([&] { revise(o); }, ThrowsMessage<Error>(HasSubstr("'Oz'")));
}

TEST_F(Revise, what_has_problems_is_not_lost_by_writing_over_it) {
  std::filesystem::remove(data_ / "s3.edf");
  RevisionOptions o = options("");
  o.normalize = true;
  EXPECT_THAT([&] { revise(o); }, ThrowsMessage<Error>(HasSubstr("4 utterances have problems")));
  o.out = (dir_ / "rest").string();
  EXPECT_EQ(revise(o).size(), 8u);
}

TEST_F(Revise, a_summary_says_what_is_shared_and_whether_the_fit_is_of_the_training_part) {
  Dataset dataset = Dataset::open(data_);
  std::vector<Utterance> utterances = dataset.utterances();
  for (std::size_t i = 0; i < 2; ++i) utterances[i].split = "test";
  const Dataset moved(data_, dataset.info(), utterances);
  const DatasetSummary summary = summarize(moved);
  EXPECT_EQ(summary.fit, FitState::kStale);
  EXPECT_EQ(summary.texts_of_test_in_train, 2u);
  EXPECT_EQ(summary.all.recordings, 3u);
  EXPECT_EQ(summary.all.sessions, 3u);
  EXPECT_EQ(summary.all.texts, 4u);
  EXPECT_DOUBLE_EQ(summary.all.duration_s, 24);
  EXPECT_EQ(to_json(summary, moved)["fit"], "stale");
}

TEST_F(Revise, options_that_change_nothing_are_told_apart) {
  EXPECT_FALSE(changes_anything(options("")));
  EXPECT_TRUE(changes_anything(options("x")));
  RevisionOptions o = options("");
  o.split.test = {"s1"};
  EXPECT_TRUE(changes_anything(o));
  test::expect_options_laws(RevisionOptions{}, o);
}

}  // namespace
}  // namespace nest::data
