#include <cmath>
#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/rng.h"
#include "nest/io/edf.h"
#include "nest/io/npy_recording.h"
#include "nest/io/write_recording.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::HasSubstr;

RecordingInfo info_of(std::vector<std::string> names, double rate_hz) {
  RecordingInfo info;
  info.rate_hz = rate_hz;
  for (auto& name : names) info.channels.push_back({.name = name, .unit = "V", .file_unit = "V"});
  return info;
}

Tensor noise(std::int64_t channels, std::int64_t samples) {
  Tensor data(DType::kF64, {channels, samples});
  Rng rng(7);
  double scale = 1e-6;
  for (std::int64_t i = 0; i < data.numel(); ++i) {
    if (i % samples == 0) scale *= 30;
    data.mutable_data<double>()[static_cast<std::size_t>(i)] = rng.normal(3 * scale, scale);
  }
  return data;
}

class EdfWrite : public testing::Test {
 protected:
  std::filesystem::path path_ =
      test::process_temp_dir() /
      (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".edf");
  void TearDown() override { std::filesystem::remove(path_); }

  void expect_close(const Recording& written, const Recording& original) {
    const auto& info = original.info();
    ASSERT_GE(written.info().num_samples, info.num_samples);
    const Tensor a = original.read_all(DType::kF64);
    const Tensor b = written.read({}, 0, info.num_samples, DType::kF64);
    for (std::size_t i = 0; i < a.data<double>().size(); ++i) {
      const auto& channel = written.info().channels[i / static_cast<std::size_t>(info.num_samples)];
      const double step = (channel.physical_max - channel.physical_min) / 65535;
      ASSERT_NEAR(a.data<double>()[i], b.data<double>()[i], 0.501 * step) << i;
    }
  }
};

TEST_F(EdfWrite, samples_return_within_half_a_step_and_annotations_exactly) {
  RecordingInfo info = info_of({"Fz", "Cz", "Oz"}, 256);
  info.start_time = "2020-02-29T01:02:03";
  info.annotations = {{0.125, 0, "first", ""}, {3.5, 1.25, "gr\xC3\xBC\xC3\x9F", ""}};
  const auto original = make_recording(info, noise(3, 1000));
  write_edf(path_, *original);
  const auto read = open_recording(path_);
  EXPECT_EQ(read->info().format, "EDF+C");
  EXPECT_EQ(read->info().num_samples, 1000) << "a record length that divides the samples";
  EXPECT_DOUBLE_EQ(read->info().rate_hz, 256);
  EXPECT_EQ(read->info().start_time, info.start_time);
  expect_close(*read, *original);
  ASSERT_EQ(read->info().annotations.size(), 2u);
  EXPECT_EQ(read->info().annotations[1].text, info.annotations[1].text);
  EXPECT_DOUBLE_EQ(read->info().annotations[1].onset_s, 3.5);
  EXPECT_DOUBLE_EQ(read->info().annotations[1].duration_s, 1.25);
}

TEST_F(EdfWrite, many_annotations_at_one_instant_all_survive) {
  RecordingInfo info = info_of({"Cz"}, 100);
  for (int i = 0; i < 500; ++i) info.annotations.push_back({4.0, 0, fmt::format("note {}", i), ""});
  write_edf(path_, *make_recording(info, noise(1, 1000)));
  EXPECT_EQ(open_recording(path_)->info().annotations.size(), 500u);
}

TEST_F(EdfWrite, gaps_are_kept) {
  RecordingInfo info = info_of({"Cz"}, 100);
  info.segments = {{0, 200, 0}, {200, 400, 10.5}};
  const auto original = make_recording(info, noise(1, 600));
  write_edf(path_, *original);
  const auto read = open_recording(path_);
  EXPECT_EQ(read->info().format, "EDF+D");
  ASSERT_EQ(read->info().segments.size(), 2u);
  EXPECT_EQ(read->info().segments[1].first_sample, 200);
  EXPECT_DOUBLE_EQ(read->info().segments[1].time_s, 10.5);
  expect_close(*read, *original);
}

TEST_F(EdfWrite, an_odd_number_of_samples_is_padded_with_the_last_one) {
  const auto original = make_recording(info_of({"Cz"}, 100), noise(1, 997));
  write_edf(path_, *original);
  const auto read = open_recording(path_);
  EXPECT_EQ(read->info().num_samples, 1000);
  expect_close(*read, *original);
}

TEST_F(EdfWrite, constant_channels_keep_their_value) {
  Tensor data(DType::kF64, {2, 100});
  std::fill_n(data.mutable_data<double>().data() + 100, 100, 5e-5);
  write_edf(path_, *make_recording(info_of({"zero", "five"}, 100), data));
  const Tensor read = open_recording(path_)->read_all(DType::kF64);
  EXPECT_NEAR(read.data<double>()[0], 0, 1e-10);
  EXPECT_NEAR(read.data<double>()[100], 5e-5, 1e-9);
}

TEST_F(EdfWrite, nan_is_refused_by_channel_and_sample_and_nothing_is_written) {
  Tensor data = noise(2, 100);
  data.mutable_data<double>()[150] = NAN;
  EXPECT_THAT(
      [&] {
        write_edf(path_, *make_recording(info_of({"Fz", "Cz"}, 100), data));
      },
      testing::ThrowsMessage<Error>(HasSubstr("channel Cz sample 50 is nan")));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(EdfWrite, the_extension_names_the_format_that_is_written) {
  const auto original = make_recording(info_of({"Fz", "Cz"}, 100), noise(2, 300));
  const auto npy = std::filesystem::path(path_).replace_extension(".npy");
  write_recording(path_, *original);
  write_recording(npy, *original);
  EXPECT_EQ(recording_format(path_), "EDF");
  expect_close(*open_recording(path_), *original);
  EXPECT_EQ(open_recording(npy)->info().num_samples, 300);
  EXPECT_FALSE(can_write_recording("a.vhdr"));
  EXPECT_THROW(write_recording("a.vhdr", *original), Error);
}

TEST_F(EdfWrite, a_start_within_a_second_is_in_the_time_stamps) {
  RecordingInfo info = info_of({"Cz"}, 100);
  info.start_time = "2020-01-01T12:00:00.5";
  info.annotations = {{1, 0, "note", ""}, {-0.25, 0, "before", ""}};
  EXPECT_THAT(write_edf(path_, *make_recording(info, noise(1, 1000))), testing::IsEmpty());
  const std::string bytes = read_text_file(path_);
  EXPECT_EQ(bytes.substr(168, 16), "01.01.2012.00.00");
  EXPECT_NE(bytes.find(std::string("+0.5\x14\x14\0", 7)), std::string::npos);
  EXPECT_NE(bytes.find("+1.5\x14note"), std::string::npos);
  EXPECT_NE(bytes.find("+0.25\x14"
                       "before"),
            std::string::npos);
  const auto read = open_recording(path_);
  EXPECT_EQ(read->info().start_time, "2020-01-01T12:00:00.500000");
  EXPECT_DOUBLE_EQ(read->info().annotations[0].onset_s, -0.25);
  EXPECT_DOUBLE_EQ(read->info().annotations[1].onset_s, 1);
}

TEST_F(EdfWrite, an_unknown_start_stays_unknown) {
  write_edf(path_, *make_recording(info_of({"Cz"}, 100), noise(1, 100)));
  EXPECT_EQ(open_recording(path_)->info().start_time, "");
  RecordingInfo info = info_of({"Cz"}, 100);
  info.start_time = "2020-13-41T99:00:00";
  const auto losses = write_edf(path_, *make_recording(info, noise(1, 100)));
  EXPECT_THAT(losses, testing::ElementsAre(HasSubstr("is no date")));
  EXPECT_EQ(open_recording(path_)->info().start_time, "");
}

TEST_F(EdfWrite, a_start_in_any_century_returns) {
  for (const char* start : {"1985-01-01T00:00:00", "1969-12-31T23:59:59", "2084-01-01T00:00:00",
                            "2101-02-03T04:05:06", "2000-02-29T12:00:00"}) {
    RecordingInfo info = info_of({"Cz"}, 100);
    info.start_time = start;
    write_edf(path_, *make_recording(info, noise(1, 100)));
    EXPECT_EQ(open_recording(path_)->info().start_time, start);
  }
}

TEST_F(EdfWrite, labels_stay_distinct_and_what_changed_is_said) {
  const std::vector<std::string> names = {"BrainVision RDA 1", "BrainVision RDA 2", "short",
                                          "C\xC3\xA2nula",     "EDF Annotations",   "short"};
  const auto losses = write_edf(path_, *make_recording(info_of(names, 100), noise(6, 100)));
  const auto read = open_recording(path_);
  std::set<std::string> labels;
  for (const ChannelInfo& channel : read->info().channels) {
    EXPECT_LE(channel.name.size(), 16u);
    labels.insert(channel.name);
  }
  EXPECT_EQ(labels.size(), names.size());
  EXPECT_TRUE(labels.contains("short"));
  EXPECT_EQ(losses.size(), 5u);
  EXPECT_THAT(losses, testing::Contains(HasSubstr("'BrainVision RDA 2' has the label")));
}

TEST_F(EdfWrite, every_number_is_plain_decimal) {
  RecordingInfo info = info_of({"tiny", "huge", "offset"}, 8192);
  info.annotations = {{1e-5, 1e-7, "early", ""}, {123456789.125, 1e6, "late", ""}};
  Tensor data(DType::kF64, {3, 8192});
  const auto values = data.mutable_data<double>();
  for (std::size_t k = 0; k < 8192; ++k) {
    values[k] = 1e-9 * std::sin(0.1 * static_cast<double>(k));
    values[8192 + k] = 1e3 * std::sin(0.1 * static_cast<double>(k));
    values[2 * 8192 + k] = 0.3 + 1e-6 * std::sin(0.1 * static_cast<double>(k));
  }
  const auto original = make_recording(info, data);
  write_edf(path_, *original);
  const std::string bytes = read_text_file(path_);
  const std::size_t signals = 4;
  const auto expect_plain = [](const std::string& field) {
    EXPECT_EQ(field.find_first_not_of("0123456789.-+ "), std::string::npos) << field;
  };
  expect_plain(bytes.substr(236, 20));
  for (std::size_t at = 256 + 104 * signals; at < 256 + 136 * signals; at += 8) {
    expect_plain(bytes.substr(at, 8));
  }
  EXPECT_NE(bytes.find("+0.00001\x15"
                       "0.0000001\x14"
                       "early"),
            std::string::npos);
  EXPECT_NE(bytes.find("+123456789.125\x15"
                       "1000000\x14late"),
            std::string::npos);
  expect_close(*open_recording(path_), *original);
}

TEST_F(EdfWrite, a_range_that_eight_characters_cannot_say_is_refused_by_channel) {
  RecordingInfo info = info_of({"MEG"}, 100);
  info.channels[0].unit = "T";
  Tensor data(DType::kF64, {1, 100});
  for (std::size_t k = 0; k < 100; ++k)
    data.mutable_data<double>()[k] = 1e-13 * static_cast<double>(k);
  EXPECT_THAT([&] { write_edf(path_, *make_recording(info, data)); },
              testing::ThrowsMessage<Error>(HasSubstr("channel MEG spans")));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(EdfWrite, a_rate_that_is_no_short_decimal_is_stated_as_well_as_eight_characters_can) {
  const auto original = make_recording(info_of({"Cz"}, 249.98731), noise(1, 20000));
  const auto losses = write_edf(path_, *original);
  EXPECT_THAT(losses, testing::Contains(HasSubstr("the rate 249.98731 Hz is stated as")));
  const auto read = open_recording(path_);
  EXPECT_LT(std::abs(read->info().rate_hz / 249.98731 - 1) * 20000, 0.5);
}

TEST_F(EdfWrite, a_recording_without_samples_is_refused) {
  EXPECT_THAT(
      [&] {
        write_edf(path_, *make_recording(info_of({"Fz"}, 100), Tensor(DType::kF64, {1, 0})));
      },
      testing::ThrowsMessage<Error>(HasSubstr("nothing to write")));
  EXPECT_THAT(
      [&] {
        write_npy(path_, *make_recording(info_of({"Fz"}, 100), Tensor(DType::kF64, {1, 0})));
      },
      testing::ThrowsMessage<Error>(HasSubstr("nothing to write")));
}

TEST_F(EdfWrite, an_unknown_rate_is_refused) {
  EXPECT_THAT([&] { write_edf(path_, *make_recording(info_of({"Fz"}, 0), noise(1, 100))); },
              testing::ThrowsMessage<Error>(HasSubstr("rate is unknown")));
}

}  // namespace
}  // namespace nest::io
