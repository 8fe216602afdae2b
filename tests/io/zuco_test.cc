// ZuCo 1.0 (MATLAB 5) and 2.0 (MATLAB 7.3) files, written as the corpus has them.
#include "nest/io/zuco.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/recording.h"
#include "tests/support/temp_dir.h"
#include "tests/support/zuco_file.h"

namespace nest::io {
namespace {

using test::zuco_value;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Zuco : public testing::TestWithParam<mat_ft> {
 protected:
  std::filesystem::path write(const std::vector<test::ZucoSentenceContent>& sentences) {
    const auto path = dir_ / "resultsZAB_SR.mat";
    test::write_zuco_file(path, GetParam(), 3, sentences);
    return path;
  }
  static std::vector<test::ZucoSentenceContent> two() {
    return {
        {"Presents a good case.",
         40,
         {{"Presents", {{2, 5}, {20, 4}}}, {"a", {}}, {"good", {{8, 6}}}, {"case.", {{30, 10}}}}},
        {"Unread", 0, {}},
        {"Fine.", 12, {{"Fine.", {{0, 12}}}}}};
  }
  test::TempDir dir_;
};

TEST_P(Zuco, sentences_have_their_text_samples_in_volts_and_words) {
  const ZucoFile file = ZucoFile::open(write(two()));
  ASSERT_EQ(file.size(), 3);
  const ZucoSentence first = file.sentence(0);
  EXPECT_EQ(first.text, "Presents a good case.");
  ASSERT_EQ(first.samples.shape(), (Shape{3, 40}));
  for (std::int64_t c = 0; c < 3; ++c) {
    for (std::int64_t t = 0; t < 40; ++t) {
      EXPECT_FLOAT_EQ(first.samples.data<float>()[static_cast<std::size_t>(c * 40 + t)],
                      static_cast<float>(zuco_value(0, c, t) * 1e-6));
    }
  }
  ASSERT_EQ(first.words.size(), 4u);
  EXPECT_EQ(first.words[2].text, "good");
  EXPECT_TRUE(first.words[1].fixations.empty()) << "a skipped word";
  EXPECT_FALSE(file.sentence(1).samples.defined()) << "a lost trial";
  EXPECT_TRUE(file.sentence(1).words.empty());
  EXPECT_EQ(file.sentence(2).text, "Fine.");
  EXPECT_THROW(file.sentence(3), Error);
}

TEST_P(Zuco, fixations_lie_where_their_samples_stand_in_the_sentence) {
  const ZucoSentence first = ZucoFile::open(write(two())).sentence(0);
  ASSERT_EQ(first.words[0].fixations.size(), 2u);
  EXPECT_EQ(first.words[0].fixations[0].first_sample, 2);
  EXPECT_EQ(first.words[0].fixations[0].num_samples, 5);
  EXPECT_EQ(first.words[0].fixations[1].first_sample, 20);
  EXPECT_EQ(first.words[3].fixations[0].first_sample, 30);
  EXPECT_EQ(first.words[3].unplaced, 0);
}

TEST_P(Zuco, a_fixation_found_nowhere_is_counted_and_a_rejected_channel_does_not_hinder) {
  auto content = two();
  content[0].has_foreign_fixation = true;
  content[0].nan_channel = 0;
  const ZucoSentence first = ZucoFile::open(write(content)).sentence(0);
  EXPECT_EQ(first.words[0].fixations.size(), 2u);
  EXPECT_EQ(first.words[0].unplaced, 1);
  EXPECT_EQ(first.words[2].fixations.at(0).first_sample, 8);
  EXPECT_TRUE(std::isnan(first.samples.data<float>()[0]));
}

TEST_P(Zuco, as_a_recording_sentences_are_segments_and_words_annotations) {
  const auto recording = open_recording(write(two()));
  const RecordingInfo& info = recording->info();
  EXPECT_EQ(info.format, "ZuCo");
  EXPECT_EQ(info.rate_hz, 500);
  EXPECT_EQ(info.num_samples, 52);
  ASSERT_EQ(info.segments.size(), 2u);
  EXPECT_EQ(info.segments[1].first_sample, 40);
  std::vector<std::string> texts;
  for (const Annotation& note : info.annotations) texts.push_back(note.text);
  EXPECT_THAT(texts, ElementsAre("Presents a good case.", "word/Presents", "word/good",
                                 "word/Presents", "word/case.", "Fine.", "word/Fine."));
  EXPECT_DOUBLE_EQ(info.annotations[2].onset_s, 8 / 500.0);
  EXPECT_DOUBLE_EQ(info.annotations[6].onset_s, 40 / 500.0);
  EXPECT_THAT(info.warnings, testing::Contains(HasSubstr("1 of 3 sentences have no EEG")));
  const std::vector<int> pick = {2, 0};
  const Tensor across = recording->read(pick, 38, 4, DType::kF64);
  const auto values = across.data<double>();
  EXPECT_NEAR(values[1], zuco_value(0, 2, 39) * 1e-6, 1e-11);
  EXPECT_NEAR(values[2], zuco_value(2, 2, 0) * 1e-6, 1e-11);
  EXPECT_NEAR(values[7], zuco_value(2, 0, 1) * 1e-6, 1e-11);
}

TEST_P(Zuco, every_cut_of_a_file_gives_a_data_error_or_a_part) {
  const auto path = write(two());
  const std::string whole = read_text_file(path);
  const std::size_t step = std::max<std::size_t>(1, whole.size() / 60);
  for (std::size_t size = 0; size < whole.size(); size += step) {
    test::write_carelessly(path, whole.substr(0, size));
    try {
      open_recording(path)->read_all();
    } catch (const Error& error) {
      EXPECT_EQ(exit_code(error.code()), 3) << size << ": " << error.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, Zuco, testing::Values(MAT_FT_MAT5, MAT_FT_MAT73),
                         [](const auto& info) {
                           return info.param == MAT_FT_MAT5 ? "zuco_1" : "zuco_2";
                         });

TEST(ZucoChannels, the_net_of_105_is_named_after_its_electrodes) {
  const auto names = zuco_channel_names(105);
  ASSERT_EQ(names.size(), 105u);
  EXPECT_EQ(names.front(), "E2");
  EXPECT_EQ(names[103], "E124");
  EXPECT_EQ(names.back(), "Cz");
  EXPECT_THAT(zuco_channel_names(2), ElementsAre("", ""));
}

}  // namespace
}  // namespace nest::io
