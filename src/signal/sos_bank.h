#pragma once

#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "nest/core/tensor.h"
#include "nest/signal/sos.h"

namespace nest::signal {

inline int groups_of(int channels) {
  return (channels + kGroup - 1) / kGroup;
}

/// The state of a cascade over channels in groups of lanes; runs on blocks.
class SosBank {
 public:
  /// Errors: InvalidArgument for fewer than one channel or coefficients that are not finite.
  SosBank(Sos sos, int channels);

  const Sos& sos() const noexcept { return sos_; }
  int channels() const noexcept { return channels_; }

  void reset() noexcept;
  /// Steady state of constant inputs, one value a channel; `values` has channels() elements.
  void start_steady(const double* values) noexcept;

  /// Filters groups [first, first + block.groups) in place.
  void run(const Kernels& kernels, int first, BlockView block) noexcept {
    kernels.sos(sos_.data(), static_cast<int>(sos_.size()), where(first), block);
  }

  /// Float64 [sections, channels, 2].
  Tensor state() const;
  void set_state(const Tensor& state);
  /// Errors: InvalidArgument if a section has a pole at z = 1.
  void require_steady_state();

 private:
  double* where(int group) const noexcept {
    return state_ + static_cast<std::size_t>(group) * sos_.size() * 2 * kGroup;
  }
  double* where(int channel, std::size_t section) const noexcept {
    return where(channel / kGroup) + section * 2 * kGroup + channel % kGroup;
  }

  Sos sos_;
  int channels_;
  Tensor storage_;  // [groups, sections, 2, kGroup]
  double* state_;
  std::vector<SosState> steady_;
};

}  // namespace nest::signal
