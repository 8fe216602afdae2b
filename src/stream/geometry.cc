#include "geometry.h"

#include <algorithm>
#include <cmath>

#include "nest/core/field_error.h"
#include "nest/graph/frames.h"

namespace nest::stream {
namespace {

double pick(double flag, double contract, double fallback) {
  return flag > 0 ? flag : contract > 0 ? contract : fallback;
}

double rate_of(const graph::SignalContract& contract) {
  require(contract.rate_hz > 0, ErrorCode::kInvalidArgument,
          "the model states no sampling rate, so seconds cannot become samples");
  return contract.rate_hz;
}

}  // namespace

std::int64_t hop_samples(const graph::SignalContract& contract, const StreamConfig& config,
                         std::int64_t unit) {
  const double rate_hz = rate_of(contract);
  const std::int64_t wanted = std::llround(pick(config.hop_s, contract.hop_s, 0.5) * rate_hz);
  const std::int64_t below = std::max(unit, wanted / unit * unit);
  if (config.hop_s > 0) {
    require_field(wanted % unit == 0 && wanted > 0, "hop_s",
                  "is {} samples, no whole number of the model's steps of {} samples; {:.6g} and "
                  "{:.6g} s are",
                  wanted, unit, static_cast<double>(below) / rate_hz,
                  static_cast<double>(below + unit) / rate_hz);
    return wanted;
  }
  return wanted - below > unit / 2 ? below + unit : below;
}

Geometry make_geometry(const graph::Model& model, const StreamConfig& config) {
  const double rate_hz = rate_of(model.signal);
  Geometry g;
  g.window_samples = std::llround(pick(config.window_s, model.signal.window_s, 4) * rate_hz);
  g.window_frames = graph::num_frames(model, g.window_samples);
  require_field(g.window_frames > 0, "window_s", "is {} samples, too short for one encoder frame",
                g.window_samples);
  const std::int64_t period = graph::samples_per_frame(model);
  g.hop_samples = hop_samples(model.signal, config, period);
  g.hop_frames = g.hop_samples / period;
  g.lookahead_frames = static_cast<std::int64_t>(
      std::ceil(config.lookahead_s * rate_hz / static_cast<double>(period)));
  require_field(g.lookahead_frames + g.hop_frames <= g.window_frames, "window_s",
                "is {} frames, too short for `hop_s` ({} frames) and `lookahead_s` ({} frames)",
                g.window_frames, g.hop_frames, g.lookahead_frames);
  return g;
}

}  // namespace nest::stream
