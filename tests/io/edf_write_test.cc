#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/io/edf.h"
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
  EXPECT_EQ(recording_format(path_), "EDF+C");
  expect_close(*open_recording(path_), *original);
  EXPECT_EQ(open_recording(npy)->info().num_samples, 300);
  EXPECT_FALSE(can_write_recording("a.vhdr"));
  EXPECT_THROW(write_recording("a.vhdr", *original), Error);
}

TEST_F(EdfWrite, an_unknown_rate_is_refused) {
  EXPECT_THAT([&] { write_edf(path_, *make_recording(info_of({"Fz"}, 0), noise(1, 100))); },
              testing::ThrowsMessage<Error>(HasSubstr("rate is unknown")));
}

}  // namespace
}  // namespace nest::io
