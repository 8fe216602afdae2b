#include "nest/signal/preprocess_options.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string_view>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/signal/design.h"

namespace nest::signal {
namespace {

void require_choice(std::string_view flag, const std::string& value,
                    std::initializer_list<std::string_view> allowed) {
  require(std::ranges::find(allowed, value) != allowed.end(), ErrorCode::kInvalidArgument,
          "--{} '{}': choose one of \"{}\"", flag, value, fmt::join(allowed, "\", \""));
}

void require_channels(std::string_view flag, const std::vector<int>& list, int channels) {
  for (const int channel : list) {
    require(channel >= 0 && channel < channels, ErrorCode::kInvalidArgument,
            "--{} {}: channels are numbered 0 to {}", flag, channel, channels - 1);
  }
}

void validate_channels(const OnlinePreprocessorOptions& options) {
  require(options.channels >= 1, ErrorCode::kInvalidArgument,
          "preprocessor: {} channels; at least one is needed", options.channels);
  require_choice("non-finite", options.non_finite, {"hold", "zero", "error"});
  require_choice("bad-policy", options.bad_policy, {"zero", "interpolate", "error"});
  require_channels("bad-channels", options.bad_channels, options.channels);
  require(options.bad_channels.empty() || options.bad_policy != "error",
          ErrorCode::kInvalidArgument,
          "{} bad channels and --bad-policy error: leave them out or choose zero or interpolate",
          options.bad_channels.size());
  const auto is_bad = [&](int c) { return std::ranges::count(options.bad_channels, c) > 0; };
  int good = 0;
  for (int c = 0; c < options.channels; ++c) good += is_bad(c) ? 0 : 1;
  require(good > 0, ErrorCode::kInvalidArgument, "--bad-channels: no good channel is left");
  require_choice("ref-electrode", options.ref_electrode, {"", "average", "channels"});
  require((options.ref_electrode == "channels") == !options.ref_channels.empty(),
          ErrorCode::kInvalidArgument,
          "--ref-channels belongs to --ref-electrode channels, and that needs at least one");
  require_channels("ref-channels", options.ref_channels, options.channels);
  require(std::ranges::none_of(options.ref_channels, is_bad), ErrorCode::kInvalidArgument,
          "--ref-channels: a reference channel is listed as bad");
}

void validate_normalization(const OnlinePreprocessorOptions& options) {
  require_choice("normalization", options.normalization, {"none", "fixed", "running"});
  require(options.running_s > 0 && std::isfinite(options.running_s), ErrorCode::kInvalidArgument,
          "--running-s {}: the time constant must be positive", options.running_s);
  require(options.stddev_floor > 0, ErrorCode::kInvalidArgument,
          "--stddev-floor {}: must be positive", options.stddev_floor);
  if (options.normalization != "fixed") return;
  const auto channels = static_cast<std::size_t>(options.channels);
  require(options.mean.size() == channels && options.stddev.size() == channels,
          ErrorCode::kInvalidArgument,
          "fixed normalization: {} means and {} deviations for {} channels", options.mean.size(),
          options.stddev.size(), channels);
  for (std::size_t c = 0; c < channels; ++c) {
    require(
        std::isfinite(options.mean[c]) && std::isfinite(options.stddev[c]) && options.stddev[c] > 0,
        ErrorCode::kInvalidArgument, "fixed normalization: channel {} has mean {}, deviation {}", c,
        options.mean[c], options.stddev[c]);
  }
}

}  // namespace

void register_flags(Flags& flags, OnlinePreprocessorOptions& options) {
  flags.group("Preprocessing");
  flags.add("rate", options.rate_hz, "sampling rate in Hz");
  flags.add("non-finite", options.non_finite, "NaN and infinite values")
      .choices({"hold", "zero", "error"});
  flags.add("bad-channels", options.bad_channels, "channels to replace, numbered from 0");
  flags.add("bad-policy", options.bad_policy, "what replaces a bad channel")
      .choices({"zero", "interpolate", "error"});
  flags.add("ref-electrode", options.ref_electrode,
            "\"\" as recorded, \"average\" of the good channels, \"channels\": --ref-channels");
  flags.add("ref-channels", options.ref_channels, "reference channels, numbered from 0");
  flags.add("bandpass", options.bandpass_hz, "low,high edge in Hz; 0 leaves a side open");
  flags.add("order", options.order, "order of the Butterworth band filter");
  flags.add("notch", options.notch_hz, "notch frequencies in Hz");
  flags.add("notch-q", options.notch_q, "notch quality: frequency over -3 dB width");
  flags.add("start", options.start, "filter state at the first sample").choices({"rest", "steady"});
  flags.add("output-rate", options.output_rate_hz, "resample to this rate in Hz; 0: do not");
  flags.add("normalization", options.normalization, "scaling of the result")
      .choices({"none", "fixed", "running"});
  flags.add("running-s", options.running_s, "time constant of running normalization in seconds");
  flags.add("stddev-floor", options.stddev_floor, "smallest divisor of running normalization");
}

void validate(const OnlinePreprocessorOptions& options) {
  validate_channels(options);
  require_choice("start", options.start, {"rest", "steady"});
  validate_normalization(options);
  const Sos sos = design_cascade(options);
  if (options.start == "steady") sos_steady_state(sos);
  require(options.output_rate_hz >= 0, ErrorCode::kInvalidArgument,
          "--output-rate {} Hz: give a positive rate, or 0 for none", options.output_rate_hz);
  if (options.output_rate_hz > 0) {
    design_resample_filter(resample_ratio(options.rate_hz, options.output_rate_hz),
                           options.resample);
  }
}

Sos design_cascade(const OnlinePreprocessorOptions& options) {
  Sos sos;
  const std::vector<double>& band = options.bandpass_hz;
  require(band.empty() || band.size() == 2, ErrorCode::kInvalidArgument,
          "--bandpass: {} values; give low,high (0 leaves a side open)", band.size());
  if (band.size() == 2) {
    const double low = band[0];
    const double high = band[1];
    require(low != 0 || high != 0, ErrorCode::kInvalidArgument,
            "--bandpass 0,0: both sides are open; leave the flag out for no band filter");
    if (low == 0) {
      sos = design_butterworth(options.order, BandKind::kLowpass, {high}, options.rate_hz);
    } else if (high == 0) {
      sos = design_butterworth(options.order, BandKind::kHighpass, {low}, options.rate_hz);
    } else {
      sos = design_butterworth(options.order, BandKind::kBandpass, band, options.rate_hz);
    }
  }
  for (const double hz : options.notch_hz) {
    sos.push_back(design_notch(hz, options.notch_q, options.rate_hz));
  }
  return sos;
}

Json to_json(const OnlinePreprocessorOptions& options) {
  return {{"channels", options.channels},
          {"rate_hz", options.rate_hz},
          {"non_finite", options.non_finite},
          {"bad_channels", options.bad_channels},
          {"bad_policy", options.bad_policy},
          {"ref_electrode", options.ref_electrode},
          {"ref_channels", options.ref_channels},
          {"bandpass_hz", options.bandpass_hz},
          {"order", options.order},
          {"notch_hz", options.notch_hz},
          {"notch_q", options.notch_q},
          {"start", options.start},
          {"output_rate_hz", options.output_rate_hz},
          {"resample_half_length", options.resample.half_length},
          {"resample_kaiser_beta", options.resample.kaiser_beta},
          {"normalization", options.normalization},
          {"mean", options.mean},
          {"stddev", options.stddev},
          {"running_s", options.running_s},
          {"stddev_floor", options.stddev_floor}};
}

}  // namespace nest::signal
