#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "nest/core/json_fwd.h"

namespace nest {
class Flags;
}

namespace nest::signal {

/// Normalisation that looks at nothing but the window (or utterance) itself, so that it needs no
/// statistics from a training set and none from the rest of a test session.
struct WindowNormOptions {
  /// "none";
  /// "zscore": each channel minus its mean, divided by its standard deviation;
  /// "robust": each channel minus its median, divided by 1.4826 · MAD, clipped to ±clip;
  /// "whiten": robust, then x <- C^{-1/2} x with the window's own covariance C (ZCA, Bell &
  ///   Sejnowski 1997), which makes power comparable between sessions and electrodes.
  std::string kind = "none";
  double clip = 6;          ///< in robust standard deviations
  double shrinkage = 0.01;  ///< C + shrinkage · trace(C)/channels · I before the inverse root
};
void register_flags(Flags& flags, WindowNormOptions& options);
void validate(const WindowNormOptions& options);
Json to_json(const WindowNormOptions& options);

/// Normalises one window in place. A channel without variation becomes zeros.
///
/// Shapes: signal [channels, samples], row-major.
/// Errors: InvalidArgument for an unknown kind or a size that is no multiple of `channels`;
/// DataCorrupt if the window holds NaN or infinity.
/// Cost:   O(channels² · samples) for whitening; deterministic, single-threaded.
void normalize_window(const WindowNormOptions& options, std::span<float> signal,
                      std::int64_t channels);

}  // namespace nest::signal
