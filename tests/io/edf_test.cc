#include "nest/io/edf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edf_bytes.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

EdfBytes two_records(std::string reserved, std::string first_tal, std::string second_tal) {
  EdfBytes edf;
  edf.reserved = std::move(reserved);
  edf.declared_records = 2;
  edf.signals = {{}, {.label = "EDF Annotations", .unit = "", .per_record = 20}};
  for (int i = 0; i < 4; ++i) edf.add(i);
  edf.add_tal(std::move(first_tal), 40);
  for (int i = 4; i < 8; ++i) edf.add(i);
  edf.add_tal(std::move(second_tal), 40);
  return edf;
}

std::vector<double> values(const Recording& recording, std::int64_t first, std::int64_t count) {
  const Tensor samples = recording.read({}, first, count, DType::kF64);
  const auto data = samples.data<double>();
  return {data.begin(), data.end()};
}

TEST(Edf, samples_are_scaled_to_volts) {
  EdfBytes edf;
  edf.declared_records = 1;
  edf.signals = {{.per_record = 3, .physical_min = "-100", .physical_max = "100"}};
  for (const int value : {-32768, 0, 32767}) edf.add(value);
  const auto recording = edf.open();
  const auto got = values(*recording, 0, 3);
  EXPECT_DOUBLE_EQ(got[0], -100e-6);
  EXPECT_NEAR(got[1], 100e-6 / 65535, 1e-18);
  EXPECT_NEAR(got[2], 100e-6, 1e-18);
  EXPECT_EQ(recording->info().channels[0].unit, "V");
  EXPECT_EQ(recording->info().channels[0].file_unit, "uV");
  EXPECT_EQ(recording->info().start_time, "2012-07-06T19:02:16");
}

TEST(Edf, a_unit_that_is_no_voltage_stays_as_stated) {
  EdfBytes edf;
  edf.declared_records = 1;
  edf.signals = {{.label = "Temp", .unit = "degC", .per_record = 1}};
  edf.add(37);
  const auto recording = edf.open();
  EXPECT_EQ(recording->info().channels[0].unit, "degC");
  EXPECT_THAT(values(*recording, 0, 1), ElementsAre(37));
}

TEST(Edf, a_slice_across_records_equals_the_slice_of_the_whole) {
  EdfBytes edf;
  edf.declared_records = 5;
  edf.signals = {
      {.label = "a", .unit = ""}, {.label = "b", .unit = ""}, {.label = "c", .unit = ""}};
  for (int i = 0; i < 60; ++i) edf.add(i * i);
  const auto recording = edf.open();
  const Tensor whole = recording->read_all(DType::kF64);
  const std::vector<int> picks = {2, 0};
  for (std::int64_t first = 0; first < 20; ++first) {
    for (std::int64_t count = 0; first + count <= 20; ++count) {
      const Tensor part = recording->read(picks, first, count, DType::kF64);
      for (std::int64_t k = 0; k < 2 * count; ++k) {
        const std::int64_t row = picks[static_cast<std::size_t>(k / count)];
        ASSERT_EQ(part.data<double>()[static_cast<std::size_t>(k)],
                  whole.data<double>()[static_cast<std::size_t>(row * 20 + first + k % count)]);
      }
    }
  }
}

TEST(Edf, annotations_count_from_the_first_sample) {
  const auto edf = two_records("EDF+C",
                               std::string("+0.25\x14\x14\0+0.75\x15"
                                           "2\x14word\x14\0",
                                           22),
                               std::string("+1.25\x14\x14\0+2\x14"
                                           "b\x14"
                                           "c\x14\0",
                                           17));
  const auto recording = edf.open();
  const auto& notes = recording->info().annotations;
  ASSERT_EQ(notes.size(), 3u);
  EXPECT_EQ(notes[0].text, "word");
  EXPECT_DOUBLE_EQ(notes[0].onset_s, 0.5);
  EXPECT_DOUBLE_EQ(notes[0].duration_s, 2);
  EXPECT_EQ(notes[1].text, "b");
  EXPECT_EQ(notes[2].text, "c");
  EXPECT_DOUBLE_EQ(notes[2].onset_s, 1.75);
}

TEST(Edf, gaps_of_a_discontinuous_file_become_segments) {
  const auto edf =
      two_records("EDF+D", std::string("+0\x14\x14\0", 5), std::string("+7.5\x14\x14\0", 7));
  const auto recording = edf.open();
  const RecordingInfo& info = recording->info();
  EXPECT_EQ(info.format, "EDF+D");
  ASSERT_EQ(info.segments.size(), 2u);
  EXPECT_EQ(info.segments[1].first_sample, 4);
  EXPECT_DOUBLE_EQ(info.segments[1].time_s, 7.5);
  EXPECT_EQ(info.sample_at(0.5), 2);
  EXPECT_EQ(info.sample_at(3), 4) << "inside the gap: the first sample after it";
  EXPECT_EQ(info.sample_at(8), 6);
  EXPECT_DOUBLE_EQ(info.time_of(6), 8);
}

TEST(Edf, discontinuous_file_without_record_times_is_an_error) {
  const auto edf = two_records("EDF+D", std::string("+0\x14\x14\0", 5), "");
  EXPECT_THAT([&] { edf.open(); },
              testing::ThrowsMessage<Error>(HasSubstr("record 1 has no time")));
}

TEST(Edf, signals_of_another_rate_are_a_stream_of_their_own) {
  EdfBytes edf;
  edf.declared_records = 2;
  edf.signals = {{.label = "a", .unit = ""},
                 {.label = "slow", .unit = "", .per_record = 1},
                 {.label = "b", .unit = ""}};
  for (int i = 0; i < 18; ++i) edf.add(i);
  const auto main = edf.open();
  EXPECT_EQ(main->info().rate_hz, 4);
  EXPECT_EQ(main->info().channels.size(), 2u);
  ASSERT_EQ(main->info().other_streams.size(), 1u);
  EXPECT_EQ(main->info().other_streams[0].name, "1 Hz");
  const auto slow = edf.open({.stream = "1 Hz"});
  EXPECT_EQ(slow->info().channels[0].name, "slow");
  EXPECT_THAT(values(*slow, 0, 2), ElementsAre(4, 13));
  EXPECT_THAT([&] { edf.open({.stream = "3 Hz"}); },
              testing::ThrowsMessage<Error>(HasSubstr("1 Hz, 4 Hz")));
}

TEST(Edf, bdf_reads_24_bits_with_sign_and_triggers_as_annotations) {
  EdfBytes bdf;
  bdf.version =
      "\xFF"
      "BIOSEMI";
  bdf.sample_bytes = 3;
  bdf.declared_records = 1;
  const EdfBytes::Signal wide = {.label = "A1",
                                 .digital_min = "-8388608",
                                 .digital_max = "8388607",
                                 .physical_min = "-8388608",
                                 .physical_max = "8388607"};
  bdf.signals = {wide, wide};
  bdf.signals[1].label = "Status";
  bdf.signals[1].unit = "Boolean";
  for (const int value : {-8388608, -1, 1, 8388607}) bdf.add(value);
  for (const int value : {0x10000, 0x10005, 0x10005, 0x10007}) bdf.add(value);
  const auto recording = bdf.open();
  EXPECT_THAT(values(*recording, 0, 1), ElementsAre(testing::DoubleEq(-8388608e-6), 0x10000));
  EXPECT_THAT(values(*recording, 1, 1), ElementsAre(testing::DoubleEq(-1e-6), 0x10005));
  const auto& notes = recording->info().annotations;
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0].text, "5");
  EXPECT_DOUBLE_EQ(notes[0].onset_s, 0.25);
  EXPECT_EQ(notes[1].text, "7");
}

TEST(Edf, an_unclosed_recording_is_read_up_to_its_last_complete_record) {
  EdfBytes edf;
  edf.declared_records = -1;
  edf.signals = {{.unit = ""}};
  for (int i = 0; i < 11; ++i) edf.add(i);
  const auto recording = edf.open();
  EXPECT_EQ(recording->info().num_samples, 8);
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("not closed")));
}

TEST(Edf, a_channel_is_found_with_and_without_its_type) {
  EdfBytes edf;
  edf.declared_records = 1;
  edf.signals = {{.label = "EEG Oz", .per_record = 1}};
  edf.add(1);
  const RecordingInfo info = edf.open()->info();
  EXPECT_EQ(info.channel("Oz"), 0);
  EXPECT_EQ(info.channel("EEG Oz"), 0);
  EXPECT_THAT([&] { info.channel("Cz"); }, testing::ThrowsMessage<Error>(HasSubstr("EEG Oz")));
}

}  // namespace
}  // namespace nest::io
