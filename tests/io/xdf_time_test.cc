// When the samples and markers of an XDF file happened.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/xdf_clock.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/io/edf.h"
#include "tests/support/temp_dir.h"
#include "xdf_bytes.h"

namespace nest::io {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint32_t kAmp = 1, kCues = 2;

// `seconds` of an amplifier that is set to 100 Hz and runs at `real_hz`; a marker "s<n>" at the
// moment of every `every`-th sample n. Stamps are late by up to `jitter_s`.
XdfBytes amplifier(double real_hz, int seconds, double jitter_s = 0, int every = 1000) {
  XdfBytes xdf;
  xdf.header(kAmp, "amp", "EEG", 100);
  xdf.header(kCues, "cues", "Markers", 0, 1, "string");
  Rng rng(11);
  for (int n = 0; n < static_cast<int>(real_hz * seconds); ++n) {
    const double time = 50 + n / real_hz;
    xdf.sample(kAmp, time + jitter_s * rng.uniform(), n % 1000);
    if (n % every == every / 2) xdf.marker(kCues, time, fmt::format("s{}", n));
  }
  return xdf;
}

void expect_markers_at_their_samples(const RecordingInfo& info, double slack_samples) {
  ASSERT_FALSE(info.annotations.empty());
  for (const Annotation& note : info.annotations) {
    const double want = std::stod(note.text.substr(1));
    EXPECT_NEAR(note.onset_s * info.rate_hz, want, slack_samples) << note.text;
  }
}

class RealRate : public testing::TestWithParam<double> {};

TEST_P(RealRate, markers_stand_at_the_samples_taken_when_they_happened) {
  const auto recording = amplifier(GetParam(), 100).open();
  expect_markers_at_their_samples(recording->info(), 0.01);
  EXPECT_EQ(recording->info().rate_hz, 100) << "recordings of one device share a rate";
  const bool is_worth_a_word = std::abs(GetParam() / 100 - 1) > 0.001;
  EXPECT_EQ(recording->info().warnings.size(), is_worth_a_word ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(Xdf, RealRate, testing::Values(99.5, 99.99, 100.0, 100.01, 100.5),
                         [](const auto& info) {
                           return fmt::format("{:05.0f}", info.param * 100);
                         });

TEST(XdfTime, jitter_of_the_stamps_does_not_move_markers) {
  expect_markers_at_their_samples(amplifier(99.8, 100, 0.02).open()->info(), 1.5);
}

TEST(XdfTime, a_wrongly_stated_rate_is_replaced_by_the_measured_one) {
  const auto recording = amplifier(125, 60).open();
  EXPECT_DOUBLE_EQ(recording->info().rate_hz, 125);
  EXPECT_THAT(recording->info().warnings,
              Contains(HasSubstr("run at 125 Hz, the header states 100")));
  expect_markers_at_their_samples(recording->info(), 0.01);
}

TEST(XdfTime, samples_that_were_lost_without_a_gap_shift_what_follows_them) {
  XdfBytes xdf;
  xdf.header(kAmp, "amp", "EEG", 100);
  xdf.header(kCues, "cues", "Markers", 0, 1, "string");
  int sample = 0;
  for (int n = 0; n < 12000; ++n) {
    if (n >= 6000 && n < 6080) continue;  // 0.8 s, below what counts as a gap
    xdf.sample(kAmp, 50 + n / 100.0, sample);
    if (sample % 1000 == 500) xdf.marker(kCues, 50 + n / 100.0, fmt::format("s{}", sample));
    ++sample;
  }
  const auto recording = xdf.open();
  EXPECT_EQ(recording->info().segments.size(), 1u);
  expect_markers_at_their_samples(recording->info(), 1);
}

TEST(XdfTime, what_happened_in_a_gap_lies_in_the_gap) {
  XdfBytes xdf;
  xdf.header(kAmp, "amp", "EEG", 100);
  xdf.header(kCues, "cues", "Markers", 0, 1, "string");
  for (int n = 0; n < 1000; ++n) xdf.sample(kAmp, 50 + n / 99.5, n);
  xdf.marker(kCues, 70, "gap");
  for (int n = 0; n < 1000; ++n) xdf.sample(kAmp, 90 + n / 99.5, n);
  xdf.marker(kCues, 90 + 200 / 99.5, "inside");
  const auto recording = xdf.open();
  const RecordingInfo& info = recording->info();
  ASSERT_EQ(info.segments.size(), 2u);
  EXPECT_NEAR(info.segments[1].time_s, 40, 1e-6);
  EXPECT_NEAR(info.annotations[0].onset_s, 20, 0.1);
  EXPECT_EQ(info.sample_at(info.annotations[1].onset_s), 1200);
}

TEST(XdfTime, written_as_edf_a_marker_is_still_at_its_sample) {
  const auto path = test::process_temp_dir() / "rate.edf";
  write_edf(path, *amplifier(99.8, 100).open());
  expect_markers_at_their_samples(open_recording(path)->info(), 1);
}

std::vector<std::pair<double, double>> line(double first, double last, double offset,
                                            double drift = 0) {
  std::vector<std::pair<double, double>> offsets;
  for (double t = first; t <= last; t += 5) offsets.emplace_back(t, offset + drift * (t - first));
  return offsets;
}

TEST(XdfClock, follows_drift) {
  const XdfClock clock(line(100, 700, 3, 1e-5));
  EXPECT_NEAR(clock.corrected(400, 60), 403 + 300e-5, 1e-9);
  EXPECT_EQ(clock.num_stretches(), 1u);
}

TEST(XdfClock, without_offsets_changes_nothing) {
  EXPECT_EQ(XdfClock().corrected(12.5, 0), 12.5);
}

TEST(XdfClock, outliers_do_not_bend_the_line) {
  auto offsets = line(100, 700, 3, 1e-5);
  for (const std::size_t i : {7u, 31u, 32u, 77u}) offsets[i].second += 0.4;
  offsets[50].second -= 20;
  offsets.back().second += 2;
  const XdfClock clock(offsets);
  EXPECT_EQ(clock.num_stretches(), 1u);
  for (const double t : {100.0, 350.0, 700.0}) {
    EXPECT_NEAR(clock.corrected(t, 40), t + 3 + 1e-5 * (t - 100), 1e-6) << t;
  }
}

TEST(XdfClock, a_restarted_clock_has_a_line_of_its_own) {
  auto offsets = line(5000, 5300, -4000, 2e-5);
  const auto after = line(10, 310, 1300, -1e-5);
  offsets.insert(offsets.end(), after.begin(), after.end());
  const XdfClock clock(offsets);
  EXPECT_EQ(clock.num_stretches(), 2u);
  EXPECT_NEAR(clock.corrected(5100, 10), 1100 + 100 * 2e-5, 1e-6);
  EXPECT_NEAR(clock.corrected(100, 80), 1400 - 90 * 1e-5, 1e-6);
  EXPECT_NEAR(clock.corrected(5301, 61), 1301 + 301 * 2e-5, 1e-6) << "just after the last offset";
}

TEST(XdfClock, stretches_that_share_their_times_are_told_apart_by_the_file) {
  auto offsets = line(100, 400, 50);
  const auto after = line(120, 420, 360);
  offsets.insert(offsets.end(), after.begin(), after.end());
  const XdfClock clock(offsets);
  EXPECT_NEAR(clock.corrected(200, 20), 250, 1e-9);
  EXPECT_NEAR(clock.corrected(200, 80), 560, 1e-9);
}

TEST(XdfTime, markers_keep_their_times_across_a_restart_of_their_computer) {
  XdfBytes xdf;
  xdf.header(kAmp, "amp", "EEG", 100);
  xdf.header(kCues, "cues", "Markers", 0, 1, "string");
  for (int n = 0; n < 6000; ++n) {
    const double now = 1000 + n / 100.0;
    const double cues_clock = n < 3000 ? now + 4000 : now - 1020;
    xdf.sample(kAmp, now, n % 100);
    if (n % 500 == 0) {
      xdf.offset(kAmp, now, 0);
      xdf.offset(kCues, cues_clock, now - cues_clock);
    }
    if (n % 1000 == 700) xdf.marker(kCues, cues_clock, fmt::format("s{}", n));
  }
  expect_markers_at_their_samples(xdf.open()->info(), 0.1);
}

}  // namespace
}  // namespace nest::io
