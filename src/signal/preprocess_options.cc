#include "nest/signal/preprocess_options.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/signal/design.h"

namespace nest::signal {
namespace {

void require_channels(std::string_view field, const std::vector<int>& list, int channels) {
  for (const int channel : list) {
    require_field(channel >= 0 && channel < channels, field,
                  "has {}; channels are numbered 0 to {}", channel, channels - 1);
  }
}

void validate_channels(const OnlinePreprocessorOptions& o) {
  require_channels("bad_channels", o.bad_channels, o.channels);
  require_field(o.bad_channels.empty() || o.bad_policy != BadChannels::kError, "bad_channels",
                "has {} channels and `bad_policy` is error: leave them out or choose zero or "
                "interpolate",
                o.bad_channels.size());
  const auto is_bad = [&](int c) { return std::ranges::count(o.bad_channels, c) > 0; };
  int good = 0;
  for (int c = 0; c < o.channels; ++c) good += is_bad(c) ? 0 : 1;
  require_field(good > 0, "bad_channels", "leaves no good channel");
  require_field((o.ref_electrode == Reference::kChannels) == !o.ref_channels.empty(),
                "ref_channels", "belongs to `ref_electrode` channels, and that needs at least one");
  require_channels("ref_channels", o.ref_channels, o.channels);
  require_field(std::ranges::none_of(o.ref_channels, is_bad), "ref_channels",
                "has one that is listed as bad");
}

void validate_normalization(const OnlinePreprocessorOptions& o) {
  if (o.normalization != Normalization::kFixed) return;
  const auto channels = static_cast<std::size_t>(o.channels);
  require(o.mean.size() == channels && o.stddev.size() == channels, ErrorCode::kInvalidArgument,
          "fixed normalization: {} means and {} deviations for {} channels", o.mean.size(),
          o.stddev.size(), channels);
  for (std::size_t c = 0; c < channels; ++c) {
    require(std::isfinite(o.mean[c]) && std::isfinite(o.stddev[c]) && o.stddev[c] > 0,
            ErrorCode::kInvalidArgument,
            "fixed normalization: channel {} has mean {}, deviation {}", c, o.mean[c], o.stddev[c]);
  }
}

void visit_channels(FieldVisitor& visitor, OnlinePreprocessorOptions& o) {
  visitor.field("channels", o.channels, "of the signal", at_least(1), kNoFlag);
  visitor.field("rate_hz", o.rate_hz, "sampling rate in Hz", {}, {.flag = "rate"});
  visitor.field("non_finite", o.non_finite, "NaN and infinite values");
  visitor.field("bad_channels", o.bad_channels, "channels to replace, numbered from 0");
  visitor.field("bad_policy", o.bad_policy, "what replaces a bad channel");
  visitor.field("ref_electrode", o.ref_electrode,
                "as recorded, average of the good channels, or mean of the reference channels");
  visitor.field("ref_channels", o.ref_channels, "reference channels, numbered from 0");
}

void visit_normalization(FieldVisitor& visitor, OnlinePreprocessorOptions& o) {
  visitor.field("normalization", o.normalization, "scaling of the result");
  visitor.field("mean", o.mean, "of each channel", {}, kNoFlag);
  visitor.field("stddev", o.stddev, "of each channel", {}, kNoFlag);
  visitor.field("running_s", o.running_s, "time constant of running normalization in seconds",
                above(0));
  visitor.field("stddev_floor", o.stddev_floor, "smallest divisor of running normalization",
                above(0));
}

}  // namespace

EnumTable enum_table(NonFinite /*of*/) {
  static constexpr EnumName kNames[] = {
      {NonFinite::kHold, "hold"}, {NonFinite::kZero, "zero"}, {NonFinite::kError, "error"}};
  return {"rule for values that are not finite", kNames};
}
EnumTable enum_table(BadChannels /*of*/) {
  static constexpr EnumName kNames[] = {{BadChannels::kZero, "zero"},
                                        {BadChannels::kInterpolate, "interpolate"},
                                        {BadChannels::kError, "error"}};
  return {"rule for bad channels", kNames};
}
EnumTable enum_table(Reference /*of*/) {
  static constexpr EnumName kNames[] = {{Reference::kAsRecorded, "recorded"},
                                        {Reference::kAsRecorded, ""},
                                        {Reference::kAverage, "average"},
                                        {Reference::kChannels, "channels"}};
  return {"reference electrode", kNames};
}
EnumTable enum_table(Start /*of*/) {
  static constexpr EnumName kNames[] = {{Start::kRest, "rest"}, {Start::kSteady, "steady"}};
  return {"start of a filter", kNames};
}
EnumTable enum_table(Normalization /*of*/) {
  static constexpr EnumName kNames[] = {{Normalization::kNone, "none"},
                                        {Normalization::kFixed, "fixed"},
                                        {Normalization::kRunning, "running"}};
  return {"normalization", kNames};
}

void visit_fields(FieldVisitor& visitor, OnlinePreprocessorOptions& o) {
  visitor.group("Preprocessing");
  visit_channels(visitor, o);
  visitor.field("bandpass_hz", o.bandpass_hz, "low,high edge in Hz; 0 leaves a side open", {},
                {.flag = "bandpass"});
  visitor.field("order", o.order, "order of the Butterworth band filter");
  visitor.field("notch_hz", o.notch_hz, "notch frequencies in Hz", {}, {.flag = "notch"});
  visitor.field("notch_q", o.notch_q, "notch quality: frequency over -3 dB width");
  visitor.field("start", o.start, "filter state at the first sample");
  visitor.field("output_rate_hz", o.output_rate_hz, "resample to this rate in Hz; 0: do not",
                at_least(0), {.flag = "output-rate"});
  visitor.part("resample", o.resample);
  visit_normalization(visitor, o);
}

void validate(const OnlinePreprocessorOptions& o) {
  check_fields(o);
  validate_channels(o);
  validate_normalization(o);
  const Sos sos = design_cascade(o);
  if (o.start == Start::kSteady) sos_steady_state(sos);
  if (o.output_rate_hz > 0) {
    design_resample_filter(resample_ratio(o.rate_hz, o.output_rate_hz), o.resample);
  }
}

Sos design_cascade(const OnlinePreprocessorOptions& options) {
  Sos sos;
  const std::vector<double>& band = options.bandpass_hz;
  require_field(band.empty() || band.size() == 2, "bandpass_hz",
                "has {} values; it takes low,high (0 leaves a side open)", band.size());
  if (band.size() == 2) {
    const double low = band[0];
    const double high = band[1];
    require_field(low != 0 || high != 0, "bandpass_hz",
                  "is 0,0: both sides are open; leave it out for no band filter");
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

}  // namespace nest::signal
