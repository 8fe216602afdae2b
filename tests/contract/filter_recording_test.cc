#include "nest/contract/filter_recording.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/io/write_recording.h"
#include "nest/signal/filter.h"
#include "tests/contract/signals.h"
#include "tests/support/temp_dir.h"

namespace nest::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Two electrodes and a trigger line at 100 Hz; a gap of 2 s after 6 s.
std::shared_ptr<const io::Recording> recording() {
  io::RecordingInfo info;
  info.rate_hz = 100;
  info.channels = {{.name = "EEG Fz-REF", .unit = "V"},
                   {.name = "STATUS", .unit = "", .type = io::ChannelType::kStim},
                   {.name = "Oz", .unit = "V"}};
  info.segments = {{0, 600, 0}, {600, 400, 8}};
  info.annotations = {{1, 0.5, "hello", ""}, {9, 1, "world", ""}};
  return io::make_recording(info, test::eeg_volts(3, 1000));
}

FilterRecordingOptions options() {
  FilterRecordingOptions o;
  o.preprocess.bandpass_hz = {1, 30};
  o.preprocess.start = signal::Start::kSteady;
  return o;
}

TEST(FilterRecording, filters_voltages_segment_by_segment_and_keeps_annotations) {
  const auto original = recording();
  const FilteredRecording filtered = filter_recording(*original, options());
  EXPECT_EQ(to_json(filtered).at("options").at("channels"), filtered.preprocess.channels);
  EXPECT_GT(to_json(filtered).at("settling_samples").get<double>(), 0);
  EXPECT_THAT(filtered_text(filtered), HasSubstr("settling time (1 %)"));
  const io::RecordingInfo& info = filtered.recording->info();
  EXPECT_THAT(filtered.left_out, ElementsAre("STATUS"));
  ASSERT_EQ(info.channels.size(), 2u);
  EXPECT_EQ(info.channels[1].name, "Oz");
  EXPECT_EQ(info.rate_hz, 100);
  ASSERT_EQ(info.annotations.size(), 2u);
  EXPECT_EQ(info.annotations[1].text, "world");
  ASSERT_EQ(info.segments.size(), 2u);
  EXPECT_EQ(info.segments[1].first_sample, 600);
  EXPECT_EQ(info.segments[1].time_s, 8);
  // The obvious twin: each segment alone, from the steady state of its first sample.
  for (const io::Segment& segment : original->info().segments) {
    const std::vector<int> oz = {2};
    Tensor raw = original->read(oz, segment.first_sample, segment.num_samples, DType::kF64);
    signal::SosFilter filter(filtered.sos, 1);
    filter.reset_to_steady_state(raw.data<double>().first(1));
    const signal::SignalView<double> view(raw.mutable_data<double>().data(), 1,
                                          segment.num_samples);
    filter.process(signal::SignalView<const double>(view), view);
    const std::vector<int> row = {1};
    EXPECT_TRUE(bit_equal(
        filtered.recording->read(row, segment.first_sample, segment.num_samples, DType::kF64),
        raw));
  }
}

TEST(FilterRecordingLaw, the_size_of_steps_changes_nothing) {
  FilterRecordingOptions o = options();
  o.preprocess.output_rate_hz = 64;
  o.preprocess.normalization = signal::Normalization::kRunning;
  const auto whole = filter_recording(*recording(), o);
  EXPECT_EQ(whole.recording->info().rate_hz, 64);
  EXPECT_EQ(whole.recording->info().num_samples, 384 + 256);
  EXPECT_EQ(whole.recording->info().channels[0].unit, "");
  for (const std::int64_t chunk : {1, 7, 333}) {
    o.chunk_samples = chunk;
    EXPECT_TRUE(bit_equal(filter_recording(*recording(), o).recording->read_all(DType::kF64),
                          whole.recording->read_all(DType::kF64)));
  }
}

TEST(FilterRecording, electrodes_are_chosen_as_people_write_them) {
  FilterRecordingOptions o = options();
  o.channels = {"oz", "FZ"};
  const auto filtered = filter_recording(*recording(), o);
  EXPECT_EQ(filtered.recording->info().channels[0].name, "Oz");
  EXPECT_EQ(filtered.recording->info().channels[1].name, "EEG Fz-REF");
  o.channels = {"Pz"};
  EXPECT_THAT([&] { filter_recording(*recording(), o); },
              ThrowsMessage<Error>(HasSubstr("channel Pz is missing; there are: EEG Fz-REF")));
}

TEST(FilterRecording, a_file_without_units_is_filtered_as_a_whole_and_one_without_rate_is_refused) {
  io::RecordingInfo info;
  info.channels = {{}, {}};
  info.rate_hz = 100;
  const Tensor samples = test::eeg_volts(2, 100);
  EXPECT_TRUE(filter_recording(*io::make_recording(info, samples), options()).left_out.empty());
  info.rate_hz = 0;
  EXPECT_THAT([&] { filter_recording(*io::make_recording(info, samples), options()); },
              ThrowsMessage<Error>(HasSubstr("states no sampling rate")));
}

TEST(FilterRecording, a_value_that_is_not_finite_is_refused_where_the_policy_says_so) {
  io::RecordingInfo info;
  info.channels = {{}, {}};
  info.rate_hz = 100;
  Tensor samples = test::eeg_volts(2, 100);
  samples.mutable_data<double>()[50] = NAN;
  const auto broken = io::make_recording(info, samples);
  EXPECT_EQ(filter_recording(*broken, options()).counts.non_finite, 1);
  FilterRecordingOptions o = options();
  o.preprocess.non_finite = signal::NonFinite::kError;
  EXPECT_THAT([&] { filter_recording(*broken, o); },
              ThrowsMessage<Error>(HasSubstr("NaN or infinite")));
}

TEST(FilterFile, refuses_a_rate_that_the_file_contradicts_and_writes_nothing) {
  const test::TempDir dir;
  io::write_recording(dir / "r.edf", *recording());
  FilterFileOptions o{options()};
  o.filter.preprocess.rate_hz = 250;
  EXPECT_THAT([&] { filter_file(dir / "r.edf", dir / "f.edf", o); },
              ThrowsMessage<Error>(HasSubstr("the file says 100 Hz")));
  EXPECT_FALSE(std::filesystem::exists(dir / "f.edf"));
  o.filter.preprocess.rate_hz = 0;
  o.dtype = "same";
  EXPECT_THAT([&] { filter_file(dir / "r.edf", dir / "f.npy", o); },
              ThrowsMessage<Error>(HasSubstr("is no .npy file")));
}

}  // namespace
}  // namespace nest::contract
