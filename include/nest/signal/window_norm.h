#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "nest/core/options_fwd.h"

namespace nest::signal {

/// Normalisation that looks at nothing but the window (or utterance) itself, so that it needs no
/// statistics from a training set and none from the rest of a test session.
enum class WindowNorm {
  kNone,
  kZscore,  ///< each channel minus its mean, divided by its standard deviation
  kRobust,  ///< each channel minus its median, divided by 1.4826 · MAD, clipped to ±clip
  kWhiten,  ///< robust, then x <- C^{-1/2} x with the window's own covariance C (ZCA, Bell &
            ///< Sejnowski 1997), which makes power comparable between sessions and electrodes
};
EnumTable enum_table(WindowNorm of);  ///< "none", "zscore", "robust", "whiten"

struct WindowNormOptions {
  WindowNorm kind = WindowNorm::kNone;
  double clip = 6;          ///< in robust standard deviations
  double shrinkage = 0.01;  ///< C + shrinkage · trace(C)/channels · I before the inverse root
};
void visit_fields(FieldVisitor& visitor, WindowNormOptions& options);

/// Normalises one window in place. A channel without variation becomes zeros.
///
/// Shapes: signal [channels, samples], row-major.
/// Errors: InvalidArgument for an unknown kind or a size that is no multiple of `channels`;
/// DataCorrupt if the window holds NaN or infinity.
/// Cost:   O(channels² · samples) for whitening; deterministic, single-threaded.
void normalize_window(const WindowNormOptions& options, std::span<float> signal,
                      std::int64_t channels);

}  // namespace nest::signal
