#include "nest/contract/quality.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/contract/signals.h"

namespace nest::contract {
namespace {

constexpr std::int64_t kQualitySamples = 2000;  // 20 s at 100 Hz

graph::SignalContract plain_contract() {
  graph::SignalContract c;
  c.rate_hz = 100;
  c.channels = {"Fz", "T7", "O1", "Pz"};
  c.num_channels = 4;
  return c;
}

/// Fz has 12 NaN, T7 is flat for 3.5 s, O1 runs into a limit of 20 uV, Pz is well.
Tensor troubled() {
  Tensor signal = test::eeg_volts(4, kQualitySamples);
  double* x = signal.mutable_data<double>().data();
  for (int k = 0; k < 12; ++k) x[100 + 7 * k] = k % 2 == 0 ? NAN : INFINITY;
  std::fill_n(x + kQualitySamples + 500, 350, 1e-5);
  for (std::int64_t t = 0; t < kQualitySamples; ++t) {
    double& o1 = x[2 * kQualitySamples + t];
    o1 = std::clamp(3e-5 * std::sin(0.05 * static_cast<double>(t)) + 1e-7 * o1, -1.0, 2e-5);
  }
  return signal;
}

QualityMonitor watched(const Tensor& signal, const std::vector<std::int64_t>& chunks) {
  QualityMonitor monitor(plain_contract(), match(source_of(plain_contract()), plain_contract()));
  const signal::SignalView<const double> all(signal.data<double>().data(), 4, kQualitySamples);
  std::size_t next = 0;
  for (std::int64_t at = 0; at < kQualitySamples;) {
    const std::int64_t count = std::min(chunks[next++ % chunks.size()], kQualitySamples - at);
    monitor.add(all.slice(at, count));
    at += count;
  }
  return monitor;
}

TEST(Quality, not_a_number_flat_and_clipped_are_counted_by_channel) {
  const QualityMonitor monitor = watched(troubled(), {kQualitySamples});
  const auto channels = monitor.channels();
  EXPECT_EQ(channels[0].non_finite, 12);
  EXPECT_EQ(channels[1].flat, 350);
  EXPECT_EQ(channels[1].clipped, 0);  // one long stop is flat, not clipped
  EXPECT_GT(channels[2].clipped, 400);
  EXPECT_EQ(channels[2].flat, 0);
  EXPECT_TRUE(channels[3].is_good());
  EXPECT_EQ(monitor.samples(), kQualitySamples);
  EXPECT_EQ(
      describe(monitor, plain_contract(), 100),
      fmt::format("Fz: 12 values NaN or infinite; T7: flat for 3.5 s; O1: clipped in {} samples",
                  channels[2].clipped));
}

TEST(QualityLaw, counts_do_not_depend_on_the_size_of_deliveries) {
  const Tensor signal = troubled();
  const std::string whole = describe(watched(signal, {kQualitySamples}), plain_contract(), 100);
  for (const std::vector<std::int64_t>& chunks :
       {std::vector<std::int64_t>{1}, {7}, {100, 3, 250}}) {
    EXPECT_EQ(describe(watched(signal, chunks), plain_contract(), 100), whole);
  }
}

TEST(Quality, a_good_signal_of_whole_steps_has_nothing_to_report) {
  Tensor signal = test::eeg_volts(4, kQualitySamples);
  for (double& x : signal.mutable_data<double>()) x = std::round(x * 1e7) / 1e7;  // 0.1 uV
  EXPECT_EQ(describe(watched(signal, {64}), plain_contract(), 100), "");
}

TEST(Quality, no_stretch_goes_on_over_lost_samples) {
  QualityMonitor monitor(plain_contract(), match(source_of(plain_contract()), plain_contract()));
  const std::vector<float> zeros(4 * 40, 0.0F);
  const signal::SignalView<const float> part(zeros.data(), 4, 40);
  monitor.add(part);
  monitor.end_segment();
  monitor.add(part);
  EXPECT_EQ(monitor.channels()[0].flat, 0);
  monitor.add(part);
  EXPECT_EQ(monitor.channels()[0].flat, 80);
}

}  // namespace
}  // namespace nest::contract
