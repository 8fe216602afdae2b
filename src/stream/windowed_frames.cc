#include "frame_maker.h"
#include "geometry.h"
#include "nest/contract/processor.h"
#include "nest/core/error.h"
#include "nest/graph/frames.h"
#include "nest/runtime/session.h"
#include "nest/signal/sliding_window.h"
#include "nest/signal/window_norm.h"

namespace nest::stream {
namespace {

signal::SlidingWindowOptions windowing(const graph::Model& model, const Geometry& geometry) {
  return {.channels = static_cast<int>(model.signal.num_channels),
          .window_samples = geometry.window_samples,
          .hop_samples = geometry.hop_samples};
}

/// Of every window those frames that are new and have the look-ahead behind them.
class WindowedFrames final : public FrameMaker {
 public:
  WindowedFrames(const std::shared_ptr<const runtime::PreparedModel>& model,
                 std::shared_ptr<runtime::Machine> machine, const StreamConfig& config,
                 Clock& clock)
      : clock_(clock),
        model_(model),
        machine_(std::move(machine)),
        geometry_(make_geometry(model->model(), config)),
        windows_(windowing(model->model(), geometry_)),
        norm_(contract::window_norm(model->model().signal)),
        encoder_(model, "encoder", of_samples(geometry_.window_samples), {}, machine_),
        input_(encoder_.input("eeg_data")),
        output_(encoder_.output("encoder_output")) {}

  void push(signal::SignalView<const float> samples, const Sink& sink) override {
    windows_.push(samples, [&](const signal::SlidingWindowProcessor::Window& window) {
      NewFrames frames;
      frames.end_sample = window.start_sample + window.data.samples;
      frames.begin_s = clock_.now_s();
      encode(encoder_, input_, window.data);
      frames.end_s = clock_.now_s();
      // The window moved on by one hop, so what was given up to d is now up to d - hop.
      const std::int64_t begin = window.index == 0 ? 0 : given_until_ - geometry_.hop_frames;
      frames.values = take(begin, geometry_.window_frames - geometry_.lookahead_frames);
      sink(frames);
    });
  }

  /// The last window ends with the signal and begins with a frame, so it may be shorter than the
  /// others; it gives all frames that are left.
  void finish(const Sink& sink) override {
    const std::int64_t total = windows_.total_samples();
    if (total > heard()) {
      finish_behind(total, sink);
    } else if (total > 0 && given_until_ < geometry_.window_frames) {
      sink({take(given_until_, geometry_.window_frames), total, 0, 0});
    }
    reset();
  }

  void reset() override {
    windows_.reset();
    given_until_ = 0;
  }

  std::int64_t frames_per_hop() const override { return geometry_.hop_frames; }

  std::string describe() const override {
    return fmt::format("window {} samples ({} frames), hop {} ({} frames), look-ahead {} frames",
                       geometry_.window_samples, geometry_.window_frames, geometry_.hop_samples,
                       geometry_.hop_frames, geometry_.lookahead_frames);
  }

 private:
  static graph::Bindings of_samples(std::int64_t samples) { return {{"B", 1}, {"T", samples}}; }
  /// Samples up to the end of the newest window.
  std::int64_t heard() const {
    return windows_.emitted() == 0
               ? 0
               : (windows_.emitted() - 1) * geometry_.hop_samples + geometry_.window_samples;
  }
  void encode(runtime::Session& encoder, std::span<float> input,
              signal::SignalView<const float> window) {
    for (std::int64_t c = 0; c < window.channels; ++c) {
      std::copy_n(window.row(c), window.samples, input.data() + c * window.samples);
    }
    if (norm_.kind != signal::WindowNorm::kNone)
      signal::normalize_window(norm_, input, window.channels);
    encoder.run();
  }
  void finish_behind(std::int64_t total, const Sink& sink) {
    const std::int64_t period = geometry_.hop_samples / geometry_.hop_frames;
    const std::int64_t over = std::max<std::int64_t>(0, total - geometry_.window_samples);
    const std::int64_t first_frame = (over + period - 1) / period;
    const std::int64_t samples = total - first_frame * period;
    const std::int64_t made = graph::num_frames(model_->model(), samples);
    const std::int64_t given =
        windows_.emitted() == 0
            ? 0
            : (windows_.emitted() - 1) * geometry_.hop_frames + given_until_ - first_frame;
    if (made <= given) return;
    runtime::Session encoder(model_, "encoder", of_samples(samples), {}, machine_);
    const std::int64_t channels = windows_.options().channels;
    std::vector<float> last(static_cast<std::size_t>(channels * samples));
    const signal::SignalView<float> window(last.data(), channels, samples);
    require(windows_.latest(window), ErrorCode::kInternal, "the last {} samples are gone", samples);
    encode(encoder, encoder.input("eeg_data"), window);
    const std::span<const float> output = encoder.output("encoder_output");
    const std::size_t dim = output.size() / static_cast<std::size_t>(made);
    sink({output.subspan(static_cast<std::size_t>(given) * dim), total, 0, 0});
  }
  std::span<const float> take(std::int64_t begin, std::int64_t end) {
    const std::size_t dim = output_.size() / static_cast<std::size_t>(geometry_.window_frames);
    given_until_ = end;
    return output_.subspan(static_cast<std::size_t>(begin) * dim,
                           static_cast<std::size_t>(end - begin) * dim);
  }

  Clock& clock_;
  std::shared_ptr<const runtime::PreparedModel> model_;
  std::shared_ptr<runtime::Machine> machine_;
  Geometry geometry_;
  signal::SlidingWindowProcessor windows_;
  signal::WindowNormOptions norm_;
  runtime::Session encoder_;
  std::span<float> input_;
  std::span<const float> output_;  ///< of the newest window: [window_frames, dim]
  std::int64_t given_until_ = 0;   ///< frames of the newest window that were given out
};

}  // namespace

std::unique_ptr<FrameMaker> make_windowed_frames(
    std::shared_ptr<const runtime::PreparedModel> model, std::shared_ptr<runtime::Machine> machine,
    const StreamConfig& config, Clock& clock) {
  return std::make_unique<WindowedFrames>(model, std::move(machine), config, clock);
}

}  // namespace nest::stream
