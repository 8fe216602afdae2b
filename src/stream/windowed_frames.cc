#include "frame_maker.h"
#include "geometry.h"
#include "nest/contract/processor.h"
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
        geometry_(make_geometry(model->model(), config)),
        windows_(windowing(model->model(), geometry_)),
        norm_(contract::window_norm(model->model().signal)),
        encoder_(model, "encoder", {{"B", 1}, {"T", geometry_.window_samples}}, {},
                 std::move(machine)),
        input_(encoder_.input("eeg_data")),
        output_(encoder_.output("encoder_output")) {}

  void push(signal::SignalView<const float> samples, const Sink& sink) override {
    windows_.push(samples, [&](const signal::SlidingWindowProcessor::Window& window) {
      NewFrames frames;
      frames.end_sample = window.start_sample + window.data.samples;
      frames.begin_s = clock_.now_s();
      encode(window.data);
      frames.end_s = clock_.now_s();
      // The window moved on by one hop, so what was given up to d is now up to d - hop.
      const std::int64_t begin = window.index == 0 ? 0 : given_until_ - geometry_.hop_frames;
      frames.values = take(begin, geometry_.window_frames - geometry_.lookahead_frames);
      sink(frames);
    });
  }

  void finish(const Sink& sink) override {
    if (windows_.emitted() == 0 || given_until_ == geometry_.window_frames) return;
    NewFrames frames;
    frames.values = take(given_until_, geometry_.window_frames);
    sink(frames);
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
  void encode(signal::SignalView<const float> window) {
    for (std::int64_t c = 0; c < window.channels; ++c) {
      std::copy_n(window.row(c), window.samples, input_.data() + c * window.samples);
    }
    if (norm_.kind != signal::WindowNorm::kNone)
      signal::normalize_window(norm_, input_, window.channels);
    encoder_.run();
  }
  std::span<const float> take(std::int64_t begin, std::int64_t end) {
    const std::size_t dim = output_.size() / static_cast<std::size_t>(geometry_.window_frames);
    given_until_ = end;
    return output_.subspan(static_cast<std::size_t>(begin) * dim,
                           static_cast<std::size_t>(end - begin) * dim);
  }

  Clock& clock_;
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
