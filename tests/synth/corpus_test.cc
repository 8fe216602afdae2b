#include "nest/synth/corpus.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/hash.h"
#include "nest/data/dataset.h"
#include "nest/io/edf.h"
#include "synth/corpus_plan.h"
#include "tests/support/temp_dir.h"

namespace nest::synth {
namespace {

namespace fs = std::filesystem;

SynthOptions small() {
  SynthOptions options;
  options.sentences = 20;
  options.channels = 4;
  options.rate_hz = 128;
  return options;
}

class Corpus : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = test::process_temp_dir() /
              (std::string("nest_synth_") +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::map<std::string, std::string> hashes(const fs::path& folder) {
    std::map<std::string, std::string> result;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      result[fs::relative(entry.path(), folder).string()] = sha256_hex_of_file(entry.path());
    }
    return result;
  }

  fs::path folder_;
};

TEST_F(Corpus, no_sentence_is_in_two_splits_and_people_take_turns) {
  SynthOptions options = small();
  options.sentences = 100;
  options.repetitions = 3;
  std::map<std::string, std::set<std::string>> splits;
  std::set<std::string> ids;
  std::set<std::pair<int, int>> people;
  for (const PlannedUtterance& u : plan_corpus(options)) {
    splits[u.text].insert(u.split);
    EXPECT_TRUE(ids.insert(u.id).second);
    people.insert({u.subject, u.session});
  }
  EXPECT_EQ(splits.size(), 100u);
  for (const auto& [text, in] : splits) EXPECT_EQ(in.size(), 1u) << text;
  EXPECT_EQ(ids.size(), 80u * 3 + 20);
  EXPECT_EQ(people.size(), 4u);
}

TEST_F(Corpus, files_do_not_depend_on_the_number_of_threads) {
  SynthOptions options = small();
  options.threads = 1;
  write_corpus(options, folder_ / "one");
  options.threads = 3;
  write_corpus(options, folder_ / "three");
  const auto one = hashes(folder_ / "one");
  EXPECT_EQ(one.size(), 22u);
  EXPECT_EQ(one, hashes(folder_ / "three"));
}

TEST_F(Corpus, stops_when_asked_and_leaves_no_dataset) {
  std::stop_source stop;
  const Job job{[&](const ProgressReport& report) {
                  EXPECT_EQ(report.total, 20);
                  if (report.done == 3) stop.request_stop();
                },
                stop.get_token()};
  SynthOptions options = small();
  options.threads = 1;
  EXPECT_THROW(write_corpus(options, folder_, job), Error);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "signals/u00002.npy"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "signals/u00003.npy"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "dataset.json"));
}

TEST_F(Corpus, opens_as_a_dataset_with_every_utterance_usable) {
  const CorpusSummary summary = write_corpus(small(), folder_);
  const data::Dataset dataset = data::Dataset::open(folder_, {.check = data::Check::kSamples});
  EXPECT_EQ(dataset.problems().size(), 0u);
  EXPECT_EQ(static_cast<std::int64_t>(dataset.size()), summary.utterances);
  EXPECT_EQ(dataset.select({"test", "", ""}).size(), 2u);
  EXPECT_EQ(dataset.info().signal.num_channels, 4);
  const Tensor signal = dataset.load_signal(0, {.filter = false, .normalize = false});
  EXPECT_EQ(signal.dim(0), 4);
  EXPECT_EQ(dataset.utterance(0).extra.at("onsets_s").size(), dataset.utterance(0).text.size());
}

TEST_F(Corpus, a_recording_is_annotated_with_its_test_sentences) {
  SynthOptions options = small();
  const std::vector<std::string> texts = recording_sentences(options, 2);
  write_recording(options, folder_ / "live.edf", texts);
  const auto recording = io::open_recording(folder_ / "live.edf");
  EXPECT_EQ(recording->info().channels.size(), 4u);
  EXPECT_EQ(recording->info().rate_hz, 128);
  ASSERT_EQ(recording->info().annotations.size(), 2u);
  EXPECT_EQ(recording->info().annotations[1].text, texts[1]);
}

TEST_F(Corpus, a_recording_takes_the_test_sentences_there_are) {
  SynthOptions options = small();
  EXPECT_EQ(recording_sentences(options, 0).size(), 2u) << "20 sentences, a tenth for the test";
  EXPECT_THROW(recording_sentences(options, 3), Error);
  options.sentences = 300;
  EXPECT_EQ(recording_sentences(options, 0).size(), 10u);
  options.sentences = 4;
  EXPECT_THROW(recording_sentences(options, 0), Error) << "no test sentence at all";
}

TEST_F(Corpus, continuous_recordings_hold_the_sentences_as_ranges_of_one_split_each) {
  SynthOptions options = small();
  options.continuous = true;
  options.per_recording = 3;
  write_corpus(options, folder_);
  const data::Dataset dataset = data::Dataset::open(folder_, {.strict = true});
  ASSERT_EQ(dataset.size(), 20u);
  EXPECT_EQ(dataset.info().signal.normalization, graph::Normalization::kFixed);
  std::map<std::string, std::set<std::string>> splits;
  std::map<std::string, std::int64_t> ends;
  for (const data::Utterance& u : dataset.utterances()) {
    splits[u.signal].insert(u.split);
    const auto recording = io::open_recording(dataset.folder() / u.signal);
    const auto& range = u.ranges.front();
    const auto found =
        std::ranges::find(recording->info().annotations, u.text, &io::Annotation::text);
    ASSERT_NE(found, recording->info().annotations.end()) << u.text;
    EXPECT_NEAR(found->onset_s * options.rate_hz, static_cast<double>(range.first_sample), 1);
    // At least `pause_s` behind the sentence before it, and at the beginning.
    EXPECT_GE(range.first_sample - ends[u.signal], std::llround(options.rate_hz) - 1);
    ends[u.signal] = range.first_sample + range.num_samples;
    EXPECT_LE(ends[u.signal], recording->info().num_samples);
  }
  EXPECT_GT(splits.size(), 4u);
  for (const auto& [signal, names] : splits) EXPECT_EQ(names.size(), 1u) << signal;
}

TEST_F(Corpus, a_take_has_new_sentences_of_the_same_people) {
  SynthOptions options = small();
  std::set<std::string> corpus;
  for (const PlannedUtterance& u : plan_corpus(options)) corpus.insert(u.text);
  options.take = 7;
  std::set<std::uint64_t> streams;
  for (const PlannedUtterance& u : plan_corpus(options)) {
    EXPECT_FALSE(corpus.contains(u.text)) << u.text;
    EXPECT_EQ(u.split, "test");
    EXPECT_LT(u.subject, options.subjects);
    streams.insert(u.stream);
  }
  EXPECT_EQ(streams.size(), 20u);
  options.take = 8;
  EXPECT_FALSE(streams.contains(plan_corpus(options).front().stream));
}

}  // namespace
}  // namespace nest::synth
