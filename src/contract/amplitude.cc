#include "contract/amplitude.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "nest/io/recording.h"

namespace nest::contract {
namespace {

constexpr std::size_t kWindows = 8;
/// Deviation of EEG within a second, and how far from it a recording may be: units differ by 1000,
/// people, caps and filters by far less than the square root of that.
constexpr double kUsualVolts = 1.5e-5;
constexpr double kVoltsTolerance = 140;
constexpr double kFixedTolerance = 32;

constexpr std::array<std::pair<double, std::string_view>, 4> kUnits{
    {{1, "V"}, {1e-3, "mV"}, {1e-6, "uV"}, {1e-9, "nV"}}};

/// The unit that explains the ratio, if the stated one is a voltage.
std::string_view meant_unit(std::string_view stated, double ratio) {
  const auto volts = io::volts_per_unit(stated);
  if (!volts) return {};
  const double thousands = std::log10(ratio) / 3;
  const double steps = std::round(thousands);
  if (steps == 0 || std::abs(thousands - steps) > 0.25) return {};
  for (const auto& [size, name] : kUnits) {
    if (std::abs(std::log10(*volts / size) / 3 - steps) < 0.1) return name;
  }
  return {};
}

}  // namespace

AmplitudeCheck::AmplitudeCheck(const graph::SignalContract& contract, const SourceMatch& match,
                               bool is_fixed)
    : source_(match.name), unit_(match.unit) {
  const auto volts = io::volts_per_unit(contract.unit);
  is_fixed_ = is_fixed;
  if (is_fixed) {
    kind_ = Kind::kFixed;
  } else if (volts) {
    kind_ = Kind::kVolts;
    to_volts_ = *volts;
  }
  if (kind_ == Kind::kNone) return;
  const double rate_hz = is_fixed ? contract.rate_hz : match.rate_hz;
  window_ = std::max<std::int64_t>(2, std::llround(rate_hz));
  // A reference electrode beside the channels is no channel of the result.
  const auto channels = static_cast<std::size_t>(contract.num_channels);
  sums_.assign(channels, 0);
  squares_.assign(channels, 0);
  deviations_.assign(channels * kWindows, 0);
}

template <class T>
void AmplitudeCheck::add(signal::SignalView<const T> samples) noexcept {
  for (std::int64_t at = 0; at < samples.samples && kind_ != Kind::kNone;) {
    const std::int64_t count = std::min(window_ - filled_, samples.samples - at);
    for (std::size_t c = 0; c < sums_.size(); ++c) {
      const T* row = samples.row(static_cast<std::int64_t>(c)) + at;
      for (std::int64_t t = 0; t < count; ++t) {
        const double x = static_cast<double>(row[t]);
        sums_[c] += x;
        squares_[c] += x * x;
      }
    }
    filled_ += count;
    at += count;
    if (filled_ == window_) end_window();
  }
}
template void AmplitudeCheck::add(signal::SignalView<const double>) noexcept;
template void AmplitudeCheck::add(signal::SignalView<const float>) noexcept;

void AmplitudeCheck::end_window() noexcept {
  const auto count = static_cast<double>(window_);
  for (std::size_t c = 0; c < sums_.size(); ++c) {
    const double mean = sums_[c] / count;
    const double variance = squares_[c] / count - mean * mean;
    // A flat channel, one with NaN and one whose deviation drowns in its offset say nothing.
    if (variance > 1e-14 * mean * mean && std::isfinite(variance)) {
      deviations_[used_++] = std::sqrt(variance);
    }
    sums_[c] = 0;
    squares_[c] = 0;
  }
  filled_ = 0;
  if (used_ + sums_.size() > deviations_.size()) close();
}

void AmplitudeCheck::close() noexcept {
  if (kind_ == Kind::kNone || used_ == 0) return;
  const auto middle = deviations_.begin() + static_cast<std::ptrdiff_t>(used_ / 2);
  std::nth_element(deviations_.begin(), middle,
                   deviations_.begin() + static_cast<std::ptrdiff_t>(used_));
  const double expected = kind_ == Kind::kFixed ? 1 : kUsualVolts / to_volts_;
  const double tolerance = kind_ == Kind::kFixed ? kFixedTolerance : kVoltsTolerance;
  const double ratio = *middle / expected;
  if (ratio > tolerance || ratio < 1 / tolerance) ratio_ = ratio;
  kind_ = Kind::kNone;
}

std::optional<std::string> AmplitudeCheck::warning() const {
  if (ratio_ == 1) return std::nullopt;
  const std::string_view meant = meant_unit(unit_, ratio_);
  const std::string hint =
      meant.empty()
          ? fmt::format("check the unit ('{}') and the gain of the source", unit_)
          : fmt::format(
                "the numbers look like {} and are taken for {}; correct the unit or the gain "
                "that is stated for the source",
                meant, unit_);
  return fmt::format("{}: the amplitude is {:.2g} times that of {}: {}", source_, ratio_,
                     is_fixed_ ? "the signals the contract was fitted on" : "EEG", hint);
}

}  // namespace nest::contract
