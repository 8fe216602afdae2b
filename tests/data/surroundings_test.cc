#include "nest/data/surroundings.h"

#include <gtest/gtest.h>

#include "nest/io/write_recording.h"
#include "tests/support/temp_dir.h"

namespace nest::data {
namespace {

constexpr double kRate = 100;

/// One recording of 20 s whose samples count, with utterances at 3 to 5, 6 to 8 and 12 to 14 s.
class Surrounded : public testing::Test {
 protected:
  Surrounded() {
    io::RecordingInfo info;
    info.rate_hz = kRate;
    info.channels = {{.name = "Cz", .unit = "V"}};
    Tensor samples(DType::kF32, {1, 2000});
    for (std::int64_t t = 0; t < 2000; ++t)
      samples.mutable_data<float>()[static_cast<std::size_t>(t)] = static_cast<float>(t);
    io::write_recording(dir_ / "r.npy", *io::make_recording(info, samples));
  }
  static Utterance said(const std::string& id, double begin_s, const std::string& split) {
    Utterance u;
    u.id = u.text = id;
    u.signal = "r.npy";
    u.split = split;
    u.ranges = {{static_cast<std::int64_t>(begin_s * kRate), 200}};
    return u;
  }
  Dataset dataset(const std::string& split_of_two) const {
    DatasetInfo info;
    info.signal.rate_hz = kRate;
    info.signal.num_channels = 1;
    info.signal.channels = {"Cz"};
    return {dir_.path(),
            info,
            {said("one", 3, "train"), said("two", 6, split_of_two), said("three", 12, "train")}};
  }
  test::TempDir dir_;
};

TEST_F(Surrounded, background_ends_at_the_next_utterance_of_any_split) {
  const Dataset wide = with_surroundings(dataset("test"), "train", {.before_s = 2, .after_s = 2});
  ASSERT_EQ(wide.size(), 2u);
  EXPECT_EQ(wide.utterance(0).ranges[0].first_sample, 100);
  EXPECT_EQ(wide.utterance(0).ranges[0].num_samples, 500);  // 1 to 6 s: "two" begins there
  EXPECT_EQ(surroundings_of(wide.utterance(0), kRate).lead, 200);
  EXPECT_EQ(surroundings_of(wide.utterance(0), kRate).tail, 100);
  EXPECT_EQ(surroundings_of(wide.utterance(1), kRate).lead, 200);
  const Tensor signal = wide.load_signal(0, {.filter = false, .normalize = false});
  EXPECT_EQ(signal.dim(1), 500);
  EXPECT_FLOAT_EQ(signal.data<float>()[0], 100);
}

TEST_F(Surrounded, pieces_of_background_have_no_text_and_touch_no_utterance) {
  const Dataset wide = with_surroundings(dataset("train"), "train", {.background_s = 1.5});
  std::size_t pieces = 0;
  for (const Utterance& u : wide.utterances()) {
    if (!u.text.empty()) continue;
    ++pieces;
    const std::int64_t begin = u.ranges[0].first_sample, end = begin + u.ranges[0].num_samples;
    EXPECT_EQ(end - begin, 150);
    for (const std::int64_t said : {300, 600, 1200})
      EXPECT_TRUE(end <= said || begin >= said + 200) << begin;
  }
  EXPECT_EQ(pieces, 2u + 0u + 2u + 4u);  // of 3, 1, 4 and 6 s
}

TEST_F(Surrounded, a_recording_of_two_splits_gives_no_pieces) {
  EXPECT_EQ(with_surroundings(dataset("test"), "train", {.background_s = 1.5}).size(), 2u);
}

}  // namespace
}  // namespace nest::data
