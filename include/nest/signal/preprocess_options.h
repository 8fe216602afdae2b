#pragma once

#include <string>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/signal/resample.h"
#include "nest/signal/sos.h"

namespace nest::signal {

/// Samples that are NaN or infinite. Each replaced sample is counted.
enum class NonFinite {
  kHold,  ///< the channel's last good value
  kZero,
  kError,  ///< the chunk is refused
};
EnumTable enum_table(NonFinite of);  ///< "hold", "zero", "error"

/// What stands in the place of a bad channel.
enum class BadChannels {
  kZero,
  kInterpolate,  ///< mean of the good channels
  kError,        ///< none may be listed
};
EnumTable enum_table(BadChannels of);  ///< "zero", "interpolate", "error"

enum class Reference {
  kAsRecorded,
  kAverage,   ///< of the good channels
  kChannels,  ///< the mean of ref_channels
};
EnumTable enum_table(Reference of);  ///< "recorded", "average", "channels"

/// State of the filters at the first sample.
enum class Start {
  kRest,    ///< zero
  kSteady,  ///< that of a signal that always had its first sample's value
};
EnumTable enum_table(Start of);  ///< "rest", "steady"

enum class Normalization {
  kNone,
  kFixed,    ///< (x - mean) / stddev per channel
  kRunning,  ///< exponentially weighted mean and variance with the time constant running_s, plain
             ///< averages until that much has been seen
};
EnumTable enum_table(Normalization of);  ///< "none", "fixed", "running"

/// What happens to a signal before a model sees it; the order of the fields is the order of work.
struct OnlinePreprocessorOptions {
  int channels = 0;
  double rate_hz = 500;

  NonFinite non_finite = NonFinite::kHold;
  std::vector<int> bad_channels;
  BadChannels bad_policy = BadChannels::kInterpolate;
  Reference ref_electrode = Reference::kAsRecorded;
  std::vector<int> ref_channels;

  /// Low and high edge; 0 leaves that side open; empty: no band filter.
  std::vector<double> bandpass_hz = {0.5, 40.0};
  int order = 4;
  std::vector<double> notch_hz;
  double notch_q = 30;
  Start start = Start::kRest;

  /// Sampling rate of the output; 0: as the input.
  double output_rate_hz = 0;
  ResampleOptions resample;

  Normalization normalization = Normalization::kNone;
  std::vector<double> mean;
  std::vector<double> stddev;
  double running_s = 10;
  /// Smallest divisor of kRunning, in the signal's unit.
  double stddev_floor = 1e-12;
};

/// Channels, mean and stddev come from the data and have no flags.
void visit_fields(FieldVisitor& visitor, OnlinePreprocessorOptions& options);
/// Errors: FieldError naming the field, its value and the limit.
void validate(const OnlinePreprocessorOptions& options);

/// Band filter, then notches, as one cascade. Errors: InvalidArgument.
Sos design_cascade(const OnlinePreprocessorOptions& options);

}  // namespace nest::signal
