#pragma once

#include <string>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/signal/resample.h"
#include "nest/signal/sos.h"

namespace nest {
class Flags;
}

namespace nest::signal {

/// What happens to a signal before a model sees it; the order of the fields is the order of work.
struct OnlinePreprocessorOptions {
  int channels = 0;
  double rate_hz = 500;

  /// Samples that are NaN or infinite: "hold" the channel's last good value, "zero", or "error"
  /// (the chunk is refused). Each replaced sample is counted.
  std::string non_finite = "hold";
  /// Known bad channels and what to put there: "zero", "interpolate" (mean of the good channels),
  /// or "error" (none may be listed).
  std::vector<int> bad_channels;
  std::string bad_policy = "interpolate";
  /// "" as recorded, "average" of the good channels, or "channels": the mean of ref_channels.
  std::string ref_electrode;
  std::vector<int> ref_channels;

  /// Low and high edge; 0 leaves that side open; empty: no band filter.
  std::vector<double> bandpass_hz = {0.5, 40.0};
  int order = 4;
  std::vector<double> notch_hz;
  double notch_q = 30;
  /// "rest": zero state. "steady": the state of a signal that always had its first sample's value.
  std::string start = "rest";

  /// Sampling rate of the output; 0: as the input.
  double output_rate_hz = 0;
  ResampleOptions resample;

  /// "none"; "fixed": (x - mean) / stddev per channel; "running": exponentially weighted mean and
  /// variance with the time constant running_s, plain averages until that much has been seen.
  std::string normalization = "none";
  std::vector<double> mean;
  std::vector<double> stddev;
  double running_s = 10;
  /// Smallest divisor of "running", in the signal's unit.
  double stddev_floor = 1e-12;
};

/// Everything but channels, mean and stddev, which come from the data.
void register_flags(Flags& flags, OnlinePreprocessorOptions& options);
/// Errors: InvalidArgument naming the flag, its value and the limit.
void validate(const OnlinePreprocessorOptions& options);
Json to_json(const OnlinePreprocessorOptions& options);

/// Band filter, then notches, as one cascade. Errors: InvalidArgument.
Sos design_cascade(const OnlinePreprocessorOptions& options);

}  // namespace nest::signal
