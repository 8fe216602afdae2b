#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nest/contract/match.h"
#include "nest/signal/view.h"

namespace nest::contract {

/// Whether a signal's amplitude is one that its contract can mean, told by the first seconds.
///
/// The median, over channels and seconds, of the deviation within a second. Against the statistics
/// of kFixed it is that of the finished samples and should be near 1; else, where the contract's
/// unit is a voltage, that of the samples as they come, and EEG has 1e-5 V, not 1e-8 and not 1e-2.
/// A signal taken for volts that is in microvolts is off by a million.
class AmplitudeCheck {
 public:
  /// `is_fixed`: samples are normalised with the contract's statistics.
  AmplitudeCheck(const graph::SignalContract& contract, const SourceMatch& match, bool is_fixed);

  void add_input(signal::SignalView<const double> samples) noexcept {
    if (kind_ == Kind::kVolts) add(samples);
  }
  void add_output(signal::SignalView<const float> samples) noexcept {
    if (kind_ == Kind::kFixed) add(samples);
  }
  /// The signal is over: what there is must do.
  void close() noexcept;
  /// Set if the amplitude is implausible, once that is known.
  std::optional<std::string> warning() const;

 private:
  enum class Kind { kNone, kVolts, kFixed };
  template <class T>
  void add(signal::SignalView<const T> samples) noexcept;
  void end_window() noexcept;

  Kind kind_ = Kind::kNone;
  std::string source_;
  std::string unit_;
  double to_volts_ = 1;
  std::int64_t window_ = 1;
  std::int64_t filled_ = 0;
  std::size_t used_ = 0;  ///< of deviations_
  std::vector<double> sums_;
  std::vector<double> squares_;
  std::vector<double> deviations_;
  double ratio_ = 1;  ///< observed over expected, where that is implausible
  bool is_fixed_ = false;
};

}  // namespace nest::contract
