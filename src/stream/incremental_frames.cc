#include "frame_maker.h"
#include "geometry.h"
#include "nest/core/error.h"
#include "nest/graph/streaming.h"
#include "nest/runtime/incremental.h"

namespace nest::stream {
namespace {

runtime::IncrementalEncoder::Options stepping(const graph::Model& model,
                                              std::shared_ptr<runtime::Machine> machine,
                                              const StreamConfig& config) {
  const auto step = graph::make_streaming_step(model.graph("encoder"));
  const std::int64_t unit = step.samples_per_frame * step.frame_multiple;
  return {
      .frames_per_step = hop_samples(model.signal, config, unit) / step.samples_per_frame,
      .machine = std::move(machine),
  };
}

class IncrementalFrames final : public FrameMaker {
 public:
  IncrementalFrames(const std::shared_ptr<const runtime::PreparedModel>& model,
                    std::shared_ptr<runtime::Machine> machine, const StreamConfig& config,
                    Clock& clock)
      : clock_(clock), encoder_(model, stepping(model->model(), std::move(machine), config)) {}

  void push(signal::SignalView<const float> samples, const Sink& sink) override {
    // The step runs inside push(), between the clock's last reading and the sink.
    double begin_s = clock_.now_s();
    encoder_.push(samples.data, samples.stride, samples.samples, [&](std::span<const float> made) {
      const double end_s = clock_.now_s();
      sink({made, encoder_.frames() * encoder_.samples_per_frame(), begin_s, end_s});
      begin_s = clock_.now_s();
    });
  }
  void finish(const Sink& sink) override {
    encoder_.finish([&](std::span<const float> made) {
      sink({made, encoder_.frames() * encoder_.samples_per_frame(), 0, 0});
    });
  }
  void reset() override { encoder_.reset(); }
  std::int64_t frames_per_hop() const override { return encoder_.frames_per_step(); }
  std::string describe() const override {
    return fmt::format("incremental, hop {} samples ({} frames)",
                       encoder_.frames_per_step() * encoder_.samples_per_frame(),
                       encoder_.frames_per_step());
  }

 private:
  Clock& clock_;
  runtime::IncrementalEncoder encoder_;
};

}  // namespace

std::unique_ptr<FrameMaker> make_incremental_frames(
    std::shared_ptr<const runtime::PreparedModel> model, std::shared_ptr<runtime::Machine> machine,
    const StreamConfig& config, Clock& clock) {
  require(!is_of_window(model->model().signal.normalization), ErrorCode::kUnsupported,
          "the model normalises each window by itself ({}), so it has no incremental form; `mode` "
          "windowed runs it",
          name_of(model->model().signal.normalization));
  return std::make_unique<IncrementalFrames>(model, std::move(machine), config, clock);
}

}  // namespace nest::stream
