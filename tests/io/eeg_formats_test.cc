#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eeg_bytes.h"
#include "io/brainvision.h"
#include "io/csv_recording.h"
#include "io/gdf.h"
#include "io/xdf.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/npy.h"
#include "nest/io/npy_recording.h"
#include "tests/io/recording_parts.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Gdf, version_2_reads_samples_units_and_events_with_channel_and_duration) {
  const auto gdf = open_gdf(ByteSource::from_text(gdf_bytes()));
  const RecordingInfo& info = gdf->info();
  EXPECT_EQ(info.format, "GDF 2.20");
  EXPECT_EQ(info.rate_hz, 6);
  EXPECT_THAT(row(*gdf, 1), ElementsAre(300, 400, 500, 900, 1000, 1100));
  const double gain = 200e-6 / 65535;
  EXPECT_NEAR(row(*gdf, 0)[4], -100e-6 + (700 + 32768) * gain, 1e-15);
  ASSERT_EQ(info.annotations.size(), 1u);
  EXPECT_EQ(info.annotations[0].text, "770");
  EXPECT_EQ(info.annotations[0].channel, "b");
  EXPECT_DOUBLE_EQ(info.annotations[0].onset_s, 0.5);
  EXPECT_DOUBLE_EQ(info.annotations[0].duration_s, 0.5);
}

TEST(Gdf, a_signal_without_a_scale_or_of_another_type_is_left_out_and_named) {
  std::string bytes = gdf_bytes();
  for (std::size_t i = 0; i < 8; ++i) bytes[256 + 2 * 112 + i] = bytes[256 + 2 * 104 + i];
  const auto flat = open_gdf(ByteSource::from_text(bytes));
  ASSERT_EQ(flat->info().channels.size(), 1u);
  EXPECT_THAT(row(*flat, 0), ElementsAre(300, 400, 500, 900, 1000, 1100));
  EXPECT_THAT(flat->info().warnings, ElementsAre(HasSubstr("signal 1 'a'")));
  bytes = gdf_bytes();
  bytes[256 + 2 * 220 + 4] = '\x0f';  // 271: signed integers of 16 bits, not read
  bytes[256 + 2 * 220 + 5] = '\x01';
  const auto packed = open_gdf(ByteSource::from_text(bytes));
  ASSERT_EQ(packed->info().channels.size(), 1u);
  EXPECT_THAT(packed->info().warnings, ElementsAre(HasSubstr("sample type 271")));
}

TEST(Gdf, a_damaged_event_table_costs_no_sample) {
  std::string bytes = gdf_bytes();
  bytes.resize(bytes.size() - 6);
  const auto gdf = open_gdf(ByteSource::from_text(bytes));
  EXPECT_EQ(row(*gdf, 1).size(), 6u);
  EXPECT_THAT(gdf->info().warnings, ElementsAre(HasSubstr("events left out")));
}

TEST(Gdf, a_new_segment_in_the_event_table_begins_one) {
  std::string bytes = gdf_bytes();
  const std::size_t code = bytes.size() - 8;  // of the only event, before its channel and duration
  bytes[code] = '\xfe';
  bytes[code + 1] = '\x7f';
  const auto gdf = open_gdf(ByteSource::from_text(bytes));
  ASSERT_EQ(gdf->info().segments.size(), 2u);
  EXPECT_EQ(gdf->info().segments[1].first_sample, 3);
}

TEST(Gdf, texts_that_are_no_utf8_are_read_as_latin_1) {
  std::string bytes = gdf_bytes();
  bytes[256] = '\xE2';
  const auto gdf = open_gdf(ByteSource::from_text(bytes));
  EXPECT_EQ(gdf->info().channels[0].name, "\xC3\xA2");
  EXPECT_THAT(gdf->info().warnings, ElementsAre(HasSubstr("signal 1 label")));
}

TEST(Xdf, samples_gaps_clock_offsets_and_markers) {
  const auto xdf = open_xdf(ByteSource::from_text(xdf_bytes()));
  const RecordingInfo& info = xdf->info();
  EXPECT_EQ(info.stream, "amp");
  EXPECT_EQ(info.channels[0].name, "Cz");
  EXPECT_EQ(info.channels[0].unit, "V");
  EXPECT_EQ(info.channels[1].name, "Oz");
  EXPECT_THAT(row(*xdf, 1), ElementsAre(0, -1, -2, -3, -4, -5));
  EXPECT_NEAR(row(*xdf, 0)[5], 5e-6, 1e-18);
  ASSERT_EQ(info.segments.size(), 2u);
  EXPECT_EQ(info.segments[1].first_sample, 3);
  EXPECT_NEAR(info.segments[1].time_s, 100.3, 1e-9);
  ASSERT_EQ(info.annotations.size(), 1u);
  EXPECT_EQ(info.annotations[0].text, "go");
  EXPECT_NEAR(info.annotations[0].onset_s, 0.1 + 0.25, 1e-9) << "clock offsets 0.5 and 0.75 s";
}

TEST(BrainVision, both_orders_give_the_same_samples_in_their_units) {
  std::string multiplexed;
  std::string vectorized;
  for (const int v : {10, 1, 20, 2, 30, 3})
    put<std::int16_t>(multiplexed, static_cast<std::int16_t>(v));
  for (const int v : {10, 20, 30, 1, 2, 3})
    put<std::int16_t>(vectorized, static_cast<std::int16_t>(v));
  for (const auto& [order, bytes] :
       {std::pair{"MULTIPLEXED", multiplexed}, {"VECTORIZED", vectorized}}) {
    const auto recording =
        open_brainvision(brainvision_header(order, "INT_16"), "", ByteSource::from_text(bytes));
    EXPECT_EQ(recording->info().rate_hz, 1000);
    EXPECT_EQ(recording->info().channels[0].name, "a,b");
    EXPECT_EQ(recording->info().channels[1].unit, "C");
    EXPECT_THAT(row(*recording, 0), ElementsAre(DoubleNear(5e-6, 1e-18), DoubleNear(10e-6, 1e-18),
                                                DoubleNear(15e-6, 1e-18)));
    EXPECT_THAT(row(*recording, 1), ElementsAre(2, 4, 6));
  }
}

TEST(BrainVision, int32_and_float32_samples_and_new_segments) {
  std::string ints;
  for (const int v : {100000, 1, 2, 2, 3, 3}) put<std::int32_t>(ints, v);
  const auto a = open_brainvision(brainvision_header("MULTIPLEXED", "INT_32"),
                                  brainvision_markers(), ByteSource::from_text(ints));
  EXPECT_NEAR(row(*a, 0)[0], 0.05, 1e-15);
  ASSERT_EQ(a->info().segments.size(), 2u);
  EXPECT_EQ(a->info().segments[1].first_sample, 2);
  EXPECT_DOUBLE_EQ(a->info().segments[1].time_s, 10);
  ASSERT_EQ(a->info().annotations.size(), 3u);
  EXPECT_EQ(a->info().annotations[1].text, "Stimulus/S  1");
  EXPECT_EQ(a->info().annotations[1].channel, "T");
  EXPECT_DOUBLE_EQ(a->info().annotations[2].onset_s, 10);
  std::string floats;
  for (const float v : {1.5f, 1.f, 2.f, 2.f, 3.f, 3.f}) put(floats, v);
  const auto b = open_brainvision(brainvision_header("MULTIPLEXED", "IEEE_FLOAT_32"), "",
                                  ByteSource::from_text(floats));
  EXPECT_NEAR(row(*b, 0)[0], 0.75e-6, 1e-18);
}

TEST(BrainVision, a_short_data_file_and_unknown_settings_are_errors_that_name_them) {
  const auto short_data = ByteSource::from_text("1234");
  EXPECT_THAT(
      [&] { open_brainvision(brainvision_header("MULTIPLEXED", "INT_16"), "", short_data); },
      ThrowsMessage<Error>(HasSubstr("declares 3 samples of 2 channels")));
  EXPECT_THAT([&] { open_brainvision(brainvision_header("DIAGONAL", "INT_16"), "", short_data); },
              ThrowsMessage<Error>(HasSubstr("DataOrientation=DIAGONAL")));
  EXPECT_THAT(
      [&] { open_brainvision(brainvision_header("MULTIPLEXED", "UINT_16"), "", short_data); },
      ThrowsMessage<Error>(HasSubstr("BinaryFormat=UINT_16")));
}

TEST(Csv, names_time_and_empty_cells) {
  const auto csv = open_csv("time,Cz,Oz\n0,1,2\n0.01,3,\n0.02,5,6\n");
  EXPECT_NEAR(csv->info().rate_hz, 100, 1e-9);
  EXPECT_EQ(csv->info().channels[1].name, "Oz");
  EXPECT_THAT(row(*csv, 0), ElementsAre(1, 3, 5));
  EXPECT_TRUE(std::isnan(row(*csv, 1)[1]));
}

TEST(Csv, semicolons_and_a_table_without_names) {
  const auto csv = open_csv("1;2\n3;4\n", {.stream = "", .rate_hz = 50});
  EXPECT_EQ(csv->info().rate_hz, 50);
  EXPECT_EQ(csv->info().channels[0].name, "");
  EXPECT_THAT(row(*csv, 1), ElementsAre(2, 4));
}

TEST(Csv, an_error_names_line_and_column) {
  EXPECT_THAT([] { open_csv("a,b\n1,2\n3,x\n"); },
              ThrowsMessage<Error>(HasSubstr("line 3, column 2: 'x' is not a number")));
  EXPECT_THAT([] { open_csv("a,b\n1,2,3,4\n"); },
              ThrowsMessage<Error>(HasSubstr("line 2: 4 cells")));
  EXPECT_THAT([] { open_csv("a,b\n"); }, ThrowsMessage<Error>(HasSubstr("no row of numbers")));
}

TEST(Csv, muse_monitor_raw_columns_are_volts_and_elements_are_annotations) {
  const std::string text =
      "TimeStamp,Delta_TP9,RAW_TP9,RAW_AF7,Elements\n"
      "2020-01-01 00:00:00.000,0.5,800,801,1.5\n2020-01-01 00:00:00.250,,,,/muse/elements/blink\n"
      "2020-01-01 00:00:00.500,0.6,802,803,1.5\n";
  const auto raw = open_csv(text);
  EXPECT_NEAR(raw->info().rate_hz, 2, 1e-9);
  EXPECT_EQ(raw->info().channels[1].name, "AF7");
  EXPECT_THAT(row(*raw, 0), ElementsAre(DoubleNear(800e-6, 1e-15), DoubleNear(802e-6, 1e-15)));
  ASSERT_EQ(raw->info().annotations.size(), 1u);
  EXPECT_NEAR(raw->info().annotations[0].onset_s, 0.25, 1e-9);
  EXPECT_THAT(row(*open_csv(text, {.stream = "features"}), 0), ElementsAre(0.5, 0.6));
}

TEST(NpyRecording, trials_are_segments_and_a_recording_returns_after_writing) {
  const auto path = test::process_temp_dir() / "npy_recording.npy";
  Tensor samples(DType::kF64, {2, 50});
  for (std::size_t i = 0; i < 100; ++i)
    samples.mutable_data<double>()[i] = static_cast<double>(i) / 7;
  RecordingInfo info;
  info.channels.resize(2);
  write_npy(path, *make_recording(info, samples), DType::kF64);
  EXPECT_TRUE(bit_equal(open_recording(path)->read_all(DType::kF64), samples));
  write_npy(path, samples.reshaped({5, 2, 10}));
  const auto trials = open_recording(path, {.stream = "", .rate_hz = 10});
  EXPECT_EQ(trials->info().segments.size(), 5u);
  EXPECT_EQ(row(*trials, 1)[23], samples.data<double>()[2 * 20 + 10 + 3]);
}

struct Foreign {
  std::string name;
  std::string bytes;
  std::shared_ptr<const Recording> (*open)(const std::string&);
};

class Corrupt : public testing::TestWithParam<Foreign> {};

// Event tables and clock offsets at the end may be cut off without damage to the samples.
TEST_P(Corrupt, no_prefix_and_no_flipped_byte_does_worse_than_a_data_error) {
  const Foreign& foreign = GetParam();
  const auto try_bytes = [&](const std::string& bytes) {
    try {
      const auto recording = foreign.open(bytes);
      ASSERT_LE(recording->info().num_samples, static_cast<std::int64_t>(bytes.size()));
      recording->read_all();
    } catch (const Error& error) {
      ASSERT_TRUE(error.code() == ErrorCode::kDataCorrupt ||
                  error.code() == ErrorCode::kUnsupported || error.code() == ErrorCode::kNotFound)
          << error.what();
    }
  };
  for (std::size_t size = 0; size < foreign.bytes.size(); ++size) {
    try_bytes(foreign.bytes.substr(0, size));
  }
  for (std::size_t at = 0; at < foreign.bytes.size(); ++at) {
    for (const char mask : {'\x01', '\x80', '\xff'}) {
      std::string bytes = foreign.bytes;
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
      try_bytes(bytes);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Parsers, Corrupt,
    testing::Values(
        Foreign{"gdf", gdf_bytes(),
                [](const std::string& b) { return open_gdf(ByteSource::from_text(b)); }},
        Foreign{"xdf", xdf_bytes(),
                [](const std::string& b) { return open_xdf(ByteSource::from_text(b)); }},
        Foreign{"brainvision",
                brainvision_header("MULTIPLEXED", "INT_16") + std::string(1, '\0') +
                    brainvision_markers(),
                [](const std::string& b) {
                  const auto split = b.find('\0');
                  const std::string markers = split == std::string::npos ? "" : b.substr(split + 1);
                  return open_brainvision(b.substr(0, split), markers,
                                          ByteSource::from_text(std::string(12, 'x')));
                }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace nest::io
