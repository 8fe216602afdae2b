// Values, channels, gaps and annotations equal what MNE reads (tests/golden/fif/generate.py).
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/io/recording.h"
#include "tests/support/paths.h"

namespace nest::io {
namespace {

const std::filesystem::path kFolder = test::tests_dir() / "golden/fif";

std::vector<std::string> golden_fif_names() {
  const Json files = load_json(kFolder / "golden.json")["files"];
  std::vector<std::string> names;
  for (const auto& [name, file] : files.items()) names.push_back(name);
  return names;
}

class FifGolden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    golden_ = load_json(kFolder / "golden.json")["files"][GetParam()];
    recording_ = open_recording(kFolder / GetParam());
  }
  Json golden_;
  std::shared_ptr<const Recording> recording_;
};

TEST_P(FifGolden, channels_types_and_bad_ones_equal_those_of_mne) {
  Json names = Json::array(), types = Json::array(), bads = Json::array();
  for (const ChannelInfo& channel : recording_->info().channels) {
    names.push_back(channel.name);
    types.push_back(std::string(name_of(channel.type)));
    if (channel.is_bad) bads.push_back(channel.name);
  }
  EXPECT_EQ(names, golden_["channels"]);
  EXPECT_EQ(types, golden_["types"]);
  EXPECT_EQ(bads, golden_["bads"]);
  EXPECT_EQ(recording_->info().channels[0].unit, "V");
}

TEST_P(FifGolden, rate_length_and_start_equal_those_of_mne) {
  const RecordingInfo& info = recording_->info();
  EXPECT_EQ(info.rate_hz, golden_["rate_hz"].get<double>());
  EXPECT_EQ(info.num_samples, golden_["num_samples"].get<std::int64_t>());
  EXPECT_EQ(info.start_time, golden_["start_time"].get<std::string>());
}

TEST_P(FifGolden, samples_and_their_times_equal_those_of_mne) {
  const RecordingInfo& info = recording_->info();
  const Tensor whole = recording_->read_all(DType::kF64);
  const auto positions = golden_["positions"].get<std::vector<std::int64_t>>();
  for (std::size_t row = 0; row < info.channels.size(); ++row) {
    const double* samples =
        whole.data<double>().data() + static_cast<std::int64_t>(row) * info.num_samples;
    double sum = 0;
    for (std::int64_t k = 0; k < info.num_samples; ++k) sum += std::abs(samples[k]);
    const double want_sum = golden_["sum_abs"][row].get<double>();
    EXPECT_NEAR(sum, want_sum, 1e-12 * want_sum);
    for (std::size_t k = 0; k < positions.size(); ++k) {
      const double want = golden_["values"][row][k].get<double>();
      EXPECT_NEAR(samples[positions[k]], want, 1e-15 * std::abs(want)) << info.channels[row].name;
      EXPECT_NEAR(info.time_of(positions[k]), golden_["times_s"][k].get<double>(), 1e-9);
      const std::vector<int> pick = {static_cast<int>(row)};
      EXPECT_EQ(recording_->read(pick, positions[k], 1, DType::kF64).data<double>()[0],
                samples[positions[k]]);
    }
  }
}

TEST_P(FifGolden, annotations_equal_those_of_mne) {
  const std::vector<Annotation>& notes = recording_->info().annotations;
  std::vector<Annotation> told;  // MNE keeps skips as annotations, too
  for (const Annotation& note : notes) {
    if (note.text != "BAD_ACQ_SKIP") told.push_back(note);
  }
  ASSERT_EQ(told.size(), golden_["annotations"].size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    const Json& want = golden_["annotations"][i];
    EXPECT_EQ(told[i].text, want["text"].get<std::string>());
    EXPECT_NEAR(told[i].onset_s, want["onset_s"].get<double>(), 2e-6);
    EXPECT_NEAR(told[i].duration_s, want["duration_s"].get<double>(), 2e-6);
    const Json channels = told[i].channel.empty() ? Json::array() : Json{told[i].channel};
    EXPECT_EQ(channels, want["channels"]);
  }
}

INSTANTIATE_TEST_SUITE_P(File, FifGolden, testing::ValuesIn(golden_fif_names()),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.size() - 8);
                         });

TEST(SharedFifGolden, the_copy_of_a_recording_agrees_with_its_edf) {
  const auto folder = test::shared_dir() / "data";
  if (!std::filesystem::exists(folder / "formats/fif")) GTEST_SKIP() << "not there: " << folder;
  const auto fif = open_recording(folder / "formats/fif/s01_r1_raw.fif");
  const auto edf = open_recording(folder / "ssvep-exo/s01_r1.edf");
  EXPECT_EQ(fif->info().rate_hz, edf->info().rate_hz);
  const std::int64_t length = fif->info().num_samples;
  ASSERT_LE(edf->info().num_samples, length);
  const Tensor a = fif->read_all(DType::kF64), b = edf->read_all(DType::kF64);
  for (std::size_t c = 0; c < edf->info().channels.size(); ++c) {
    const ChannelInfo& channel = edf->info().channels[c];
    const double step = (channel.physical_max - channel.physical_min) / 65535;
    const double* left = a.data<double>().data() + static_cast<std::int64_t>(c) * length;
    const double* right =
        b.data<double>().data() + static_cast<std::int64_t>(c) * edf->info().num_samples;
    for (std::int64_t k = 0; k < edf->info().num_samples; ++k) {
      ASSERT_NEAR(left[k], right[k], 0.51 * step + 1e-9) << channel.name << " " << k;
    }
  }
}

}  // namespace
}  // namespace nest::io
