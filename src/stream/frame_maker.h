#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "nest/runtime/machine.h"
#include "nest/runtime/prepared.h"
#include "nest/signal/view.h"
#include "nest/stream/latency.h"
#include "nest/stream/pipeline.h"

namespace nest::stream {

/// Encoder frames of newly heard signal.
struct NewFrames {
  std::span<const float> values;  ///< [frames, dim]
  std::int64_t end_sample = 0;    ///< samples heard since the start or reset()
  double begin_s = 0, end_s = 0;  ///< Clock when the encoder began and ended; 0 from finish()
};

/// Filtered samples in, encoder frames out, each exactly once: how a model runs on endless signal.
///
/// State: one thread. After the first frames push() allocates nothing.
class FrameMaker {
 public:
  using Sink = std::function<void(const NewFrames&)>;
  virtual ~FrameMaker() = default;
  virtual void push(signal::SignalView<const float> samples, const Sink& sink) = 0;
  /// Gives out the frames that were held back.
  virtual void finish(const Sink& sink) = 0;
  /// Starts anew, as after a gap.
  virtual void reset() = 0;
  virtual std::int64_t frames_per_hop() const = 0;
  /// "window 500 samples (16 frames), hop 250 (8 frames), look-ahead 2 frames"
  virtual std::string describe() const = 0;
};

/// Overlapping windows, for models that look ahead.
std::unique_ptr<FrameMaker> make_windowed_frames(
    std::shared_ptr<const runtime::PreparedModel> model, std::shared_ptr<runtime::Machine> machine,
    const StreamConfig& config, Clock& clock);
/// New samples only, for models that were prepared with their "encoder_step".
std::unique_ptr<FrameMaker> make_incremental_frames(
    std::shared_ptr<const runtime::PreparedModel> model, std::shared_ptr<runtime::Machine> machine,
    const StreamConfig& config, Clock& clock);

}  // namespace nest::stream
