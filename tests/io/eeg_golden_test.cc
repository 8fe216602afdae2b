// Samples, names and annotations equal what MNE reads (tests/golden/eeg_formats/generate.py).
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/io/recording.h"
#include "tests/support/paths.h"

namespace nest::io {
namespace {

Json golden_files() {
  return load_json(test::tests_dir() / "golden/eeg_formats/golden.json")["files"];
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  const Json files = golden_files();
  for (const auto& [name, file] : files.items()) names.push_back(name);
  return names;
}

class EegGolden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    path_ = test::shared_dir() / "data" / GetParam();
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << "not there: " << path_;
    golden_ = golden_files()[GetParam()];
  }
  std::filesystem::path path_;
  Json golden_;
};

TEST_P(EegGolden, channels_rate_and_length_equal_those_of_mne) {
  const auto recording = open_recording(path_);
  const RecordingInfo& info = recording->info();
  std::vector<std::string> names;
  for (const auto& channel : info.channels) {
    if (channel.name != "Status") names.push_back(channel.name);
  }
  EXPECT_EQ(Json(names), golden_["channels"]);
  EXPECT_DOUBLE_EQ(info.rate_hz, golden_["rate_hz"].get<double>());
  EXPECT_EQ(info.num_samples, golden_["num_samples"].get<std::int64_t>());
}

TEST_P(EegGolden, samples_equal_those_of_mne) {
  const auto recording = open_recording(path_);
  const std::int64_t length = recording->info().num_samples;
  const Tensor whole = recording->read_all(DType::kF64);
  const auto positions = golden_["positions"].get<std::vector<std::int64_t>>();
  for (std::size_t row = 0; row < golden_["channels"].size(); ++row) {
    const int channel = recording->info().channel(golden_["channels"][row].get<std::string>());
    const double* samples = whole.data<double>().data() + channel * length;
    double sum = 0;
    for (std::int64_t k = 0; k < length; ++k) sum += std::abs(samples[k]);
    const double want_sum = golden_["sum_abs"][row].get<double>();
    EXPECT_NEAR(sum, want_sum, 1e-10 * want_sum) << "row " << row;
    const double tolerance = 1e-10 * want_sum / static_cast<double>(length);
    for (std::size_t k = 0; k < positions.size(); ++k) {
      const double want = golden_["values"][row][k].get<double>();
      EXPECT_NEAR(samples[positions[k]], want, tolerance + 1e-11 * std::abs(want));
      const std::vector<int> pick = {channel};
      const Tensor one = recording->read(pick, positions[k], 1, DType::kF64);
      EXPECT_EQ(one.data<double>()[0], samples[positions[k]]);
    }
  }
}

TEST_P(EegGolden, annotations_equal_those_of_mne) {
  const auto recording = open_recording(path_);
  std::vector<Annotation> notes;
  for (const auto& note : recording->info().annotations) {
    // MNE keeps triggers in the channel, and drops events after the last sample
    const bool is_inside = note.onset_s < recording->info().time_of(recording->info().num_samples);
    if (note.channel != "Status" && is_inside) notes.push_back(note);
  }
  ASSERT_EQ(notes.size(), golden_["annotations"].size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const Json& want = golden_["annotations"][i];
    EXPECT_EQ(notes[i].text, want["text"].get<std::string>());
    EXPECT_NEAR(notes[i].onset_s, want["onset_s"].get<double>(), 1e-6);
    // a GDF event without a duration is an instant here, one sample in MNE
    const bool is_gdf = recording->info().format.starts_with("GDF");
    const double instant = is_gdf ? 1 / recording->info().rate_hz : 0;
    EXPECT_NEAR(notes[i].duration_s + instant, want["duration_s"].get<double>(), 1e-6);
  }
}

TEST(EegCopies, gdf_and_edf_copies_of_a_recording_agree) {
  const auto folder = test::shared_dir() / "data";
  if (!std::filesystem::exists(folder / "formats/gdf")) GTEST_SKIP() << "not there: " << folder;
  const auto gdf = open_recording(folder / "formats/gdf/s01_r1.gdf");
  const auto edf = open_recording(folder / "ssvep-exo/s01_r1.edf");
  const std::int64_t length = edf->info().num_samples;
  const Tensor a = gdf->read({}, 0, length, DType::kF64);
  const Tensor b = edf->read_all(DType::kF64);
  for (std::size_t i = 0; i < b.data<double>().size(); ++i) {
    const ChannelInfo& channel = edf->info().channels[i / static_cast<std::size_t>(length)];
    const double step = (channel.physical_max - channel.physical_min) / 65535;
    // the EDF copy holds the GDF numbers times 1e6, rounded to its 16-bit steps
    ASSERT_NEAR(a.data<double>()[i] * 1e6, b.data<double>()[i], 0.51 * step + 1e-9) << i;
  }
}

TEST(EegCopies, formats_that_are_only_recognised_say_so_by_name) {
  const auto folder = test::shared_dir() / "data/formats";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "not there: " << folder;
  const Json report = explain(folder / "eeglab/test.cnt");
  EXPECT_EQ(report["format"], "CNT");
  EXPECT_FALSE(report["ok"].get<bool>());
  EXPECT_NE(report["error"].get<std::string>().find("cannot be read"), std::string::npos);
}

// tests/golden/eeg_formats/generate_xdf.py
TEST(EegCopies, xdf_samples_equal_those_of_pyxdf) {
  const Json golden = load_json(test::tests_dir() / "golden/eeg_formats/xdf_golden.json")["files"];
  for (const auto& [name, want] : golden.items()) {
    const auto path = test::shared_dir() / "data" / name;
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "not there: " << path;
    const auto xdf = open_recording(path);
    EXPECT_EQ(xdf->info().stream, want["stream"].get<std::string>());
    EXPECT_EQ(xdf->info().rate_hz, want["rate_hz"].get<double>());
    const auto length = want["num_samples"].get<std::int64_t>();
    ASSERT_EQ(xdf->info().num_samples, length);
    ASSERT_EQ(xdf->info().channels.size(), want["num_channels"].get<std::size_t>());
    const Tensor whole = xdf->read_all(DType::kF64);
    const auto positions = want["positions"].get<std::vector<std::int64_t>>();
    for (std::size_t row = 0; row < want["values"].size(); ++row) {
      const double* samples = whole.data<double>().data() + static_cast<std::int64_t>(row) * length;
      double sum = 0;
      for (std::int64_t k = 0; k < length; ++k) sum += std::abs(samples[k]);
      const double want_sum = want["sum_abs"][row].get<double>();
      EXPECT_NEAR(sum, want_sum, 1e-10 * want_sum) << "row " << row;
      for (std::size_t k = 0; k < positions.size(); ++k) {
        EXPECT_EQ(samples[positions[k]], want["values"][row][k].get<double>());
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, EegGolden, testing::ValuesIn(golden_names()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace nest::io
