// Samples, names and annotations equal what MNE reads (tests/golden/eeg_formats/generate.py).
#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/io/recording.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

namespace nest::io {
namespace {

Json golden_files() {
  return load_json(NEST_TESTS_DIR "/golden/eeg_formats/golden.json")["files"];
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
    path_ = std::filesystem::path(NEST_SHARED_DIR) / "data" / GetParam();
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
    if (note.channel != "Status") notes.push_back(note);  // MNE keeps triggers in the channel
  }
  ASSERT_EQ(notes.size(), golden_["annotations"].size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const Json& want = golden_["annotations"][i];
    EXPECT_EQ(notes[i].text, want["text"].get<std::string>());
    EXPECT_NEAR(notes[i].onset_s, want["onset_s"].get<double>(), 1e-6);
    EXPECT_NEAR(notes[i].duration_s, want["duration_s"].get<double>(), 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, EegGolden, testing::ValuesIn(golden_names()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace nest::io
