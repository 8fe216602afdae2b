#include "eval/reference_times.h"

#include <gtest/gtest.h>

namespace nest::eval {
namespace {

data::Utterance said(const std::string& id, std::int64_t first, std::int64_t count,
                     const std::string& signal = "a.edf") {
  data::Utterance utterance;
  utterance.id = id;
  utterance.signal = signal;
  utterance.ranges = {{first, count}};
  utterance.text = "x";
  return utterance;
}

io::RecordingInfo recording_of(std::int64_t samples) {
  io::RecordingInfo info;
  info.rate_hz = 100;
  info.num_samples = samples;
  info.segments = {{0, samples, 0}};
  return info;
}

class ReferenceTimesTest : public testing::Test {
 protected:
  const data::Dataset dataset_{"folder",
                               {},
                               {said("second", 600, 200), said("first", 100, 200),
                                said("other", 0, 900, "b.edf"), said("last", 900, -1)}};
};

TEST_F(ReferenceTimesTest, a_time_belongs_to_the_utterance_around_it_or_near_it) {
  const ReferenceTimes times(dataset_, dataset_.utterance(0), recording_of(1000));
  EXPECT_EQ(times.at(1.5, 0)->id, "first");
  EXPECT_EQ(times.at(7.9, 0)->id, "second");
  EXPECT_EQ(times.at(9.9, 0)->id, "last");
  EXPECT_EQ(times.at(3.2, 0), nullptr);
  EXPECT_EQ(times.at(3.2, 0.25)->id, "first");
  EXPECT_EQ(times.at(5.9, 0.25)->id, "second");
  EXPECT_EQ(times.at(8.45, 1)->id, "second");
  EXPECT_EQ(times.at(0.5, 0.25), nullptr);
}

TEST_F(ReferenceTimesTest, pauses_and_background_are_what_no_utterance_covers) {
  const ReferenceTimes times(dataset_, dataset_.utterance(0), recording_of(1000));
  EXPECT_DOUBLE_EQ(times.pause_before(0.5), 0);
  EXPECT_DOUBLE_EQ(times.pause_before(5), 3);
  EXPECT_DOUBLE_EQ(times.pause_before(8.5), 8);
  EXPECT_DOUBLE_EQ(times.background_s(10), 10 - 2 - 2 - 1);
  EXPECT_EQ(times.find("other"), nullptr);
  EXPECT_DOUBLE_EQ(times.find("last")->end_s, 10);
}

TEST_F(ReferenceTimesTest, samples_that_a_recording_lacks_are_time) {
  io::RecordingInfo info = recording_of(1000);
  info.segments = {{0, 500, 20}, {500, 500, 30}};  // five seconds are missing
  const ReferenceTimes times(dataset_, dataset_.utterance(0), info);
  EXPECT_DOUBLE_EQ(times.find("first")->begin_s, 1);
  EXPECT_DOUBLE_EQ(times.find("second")->begin_s, 11);
  EXPECT_DOUBLE_EQ(times.find("second")->end_s, 13);
}

}  // namespace
}  // namespace nest::eval
