#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/data/import.h"
#include "tests/support/temp_dir.h"
#include "tests/support/zuco_file.h"

namespace nest::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class ImportZuco : public testing::Test {
 protected:
  ImportOptions options() const {
    ImportOptions options;
    options.format = ImportFormat::kZuco;
    options.in = (dir_ / "in").string();
    options.out = (dir_ / "out").string();
    options.normalize = false;
    return options;
  }
  // Every subject reads the same ten sentences; the second trial is lost, the third has a rejected
  // channel.
  void write(const std::string& name, mat_ft version, std::int64_t channels = 4) const {
    std::vector<test::ZucoSentenceContent> sentences;
    for (int i = 0; i < 10; ++i) {
      const std::string word = "word" + std::to_string(i);
      sentences.push_back({word + " end.", 30, {{word, {{4, 6}}}, {"end.", {{12, 9}}}}});
    }
    sentences[1].samples = 0;
    sentences[2].nan_channel = 3;
    std::filesystem::create_directories(dir_ / "in");
    test::write_zuco_file(dir_.path() / "in" / name, version, channels, sentences);
  }
  test::TempDir dir_;
};

TEST_F(ImportZuco, both_versions_become_utterances_with_word_ranges) {
  write("resultsZAB_SR.mat", MAT_FT_MAT5);
  write("resultsYAC_NR.mat", MAT_FT_MAT73);
  import_dataset(options());
  const Dataset dataset = Dataset::open(dir_ / "out", {.check = Check::kSamples, .strict = true});
  ASSERT_EQ(dataset.size(), 16u) << "8 of 10 sentences are usable in each file";
  const Utterance& u = dataset.utterance(1);
  EXPECT_EQ(u.id, "YAC_NR_0004");
  EXPECT_EQ(u.subject, "YAC");
  EXPECT_EQ(u.session, "NR");
  EXPECT_EQ(u.text, "word3 end.");
  EXPECT_EQ(u.extra["words"][1]["text"], "end.");
  EXPECT_EQ(u.extra["words"][1]["fixations"], (Json{{12, 9}}));
  EXPECT_EQ(u.signal, "signals/YAC_NR_0004.npy") << "the folder can be moved";
  const Tensor signal = dataset.load_signal(1);
  EXPECT_EQ(signal.shape(), (Shape{4, 30}));
  EXPECT_NEAR(signal.data<float>()[2 * 30 + 7], test::zuco_value(3, 2, 7) * 1e-6, 1e-9);
  EXPECT_EQ(dataset.info().signal.rate_hz, 500);
}

TEST_F(ImportZuco, no_sentence_is_in_two_splits_although_everybody_reads_it) {
  write("resultsZAB_SR.mat", MAT_FT_MAT5);
  write("resultsZDM_SR.mat", MAT_FT_MAT5);
  auto o = options();
  o.split.by = SplitBy::kText;
  o.split.test_fraction = 0.25;
  o.split.validation_fraction = 0.25;
  const Dataset dataset = import_dataset(o);
  std::map<std::string, std::set<std::string>> splits_of;
  std::map<std::string, int> counts;
  for (const Utterance& u : dataset.utterances()) {
    splits_of[u.text].insert(u.split);
    ++counts[u.split];
  }
  for (const auto& [text, splits] : splits_of) EXPECT_EQ(splits.size(), 1u) << text;
  EXPECT_EQ(counts, (std::map<std::string, int>{{"test", 4}, {"train", 8}, {"validation", 4}}));
  o.split.by = SplitBy::kUtterance;
  EXPECT_THAT([&] { import_dataset(o); },
              ThrowsMessage<Error>(HasSubstr("`split.by` is utterance")));
}

TEST_F(ImportZuco, a_lost_sentence_is_an_error_when_strict_and_names_are_checked) {
  write("resultsZAB_SR.mat", MAT_FT_MAT5);
  auto o = options();
  o.strict = true;
  EXPECT_THAT([&] { import_dataset(o); }, ThrowsMessage<Error>(HasSubstr("ZAB_SR_0002")));
  std::filesystem::rename(dir_.path() / "in/resultsZAB_SR.mat", dir_.path() / "in/results.mat");
  EXPECT_THAT([&] { import_dataset(options()); },
              ThrowsMessage<Error>(HasSubstr("results<SUBJECT>_<TASK>.mat")));
}

}  // namespace
}  // namespace nest::data
