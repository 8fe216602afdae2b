#include "nest/runtime/incremental.h"

#include <algorithm>
#include <optional>

#include "nest/core/error.h"
#include "nest/graph/streaming.h"
#include "runtime/prepared_impl.h"
#include "runtime/round_up.h"

namespace nest::runtime {
namespace {

constexpr std::string_view kGraph = "encoder_step";
constexpr std::string_view kInput = "eeg_data";
constexpr std::string_view kOutput = "encoder_output";

graph::Bindings bindings_of(std::int64_t frames) {
  return {{"B", 1}, {"N", frames}};
}

}  // namespace

struct IncrementalEncoder::Impl {
  Impl(std::shared_ptr<const PreparedModel> prepared_model, const graph::StreamingStep& step,
       const Options& options)
      : prepared(std::move(prepared_model)),
        samples_per_frame(step.samples_per_frame),
        frames_per_step(round_up(options.frames_per_step, step.frame_multiple)),
        machine(options.machine != nullptr ? options.machine : std::make_shared<Machine>()),
        session(prepared, kGraph, bindings_of(frames_per_step), {}, machine),
        input(session.input(kInput)),
        output(session.output(kOutput)) {
    for (const IndexRange& range : index_ranges(step.graph, bindings_of(1))) {
      if (range.port == "position") max_frames = range.limit;
    }
  }

  std::int64_t channels() const { return session.shape(kInput).at(1); }
  std::int64_t samples_per_step() const { return samples_per_frame * frames_per_step; }
  void check_positions(std::int64_t more) const {
    require(max_frames == 0 || frames + more <= max_frames, ErrorCode::kInvalidArgument,
            "the stream reaches frame {}, but the model's table of positions has {} (max_len); "
            "start the stream anew, or build the model with a longer table",
            frames + more, max_frames);
  }

  std::shared_ptr<const PreparedModel> prepared;
  std::int64_t samples_per_frame;
  std::int64_t frames_per_step;
  std::shared_ptr<Machine> machine;
  Session session;
  std::span<float> input;         ///< [channels, samples_per_step], `filled` columns are set
  std::span<const float> output;  ///< [frames_per_step, dim]
  std::optional<Session> rest;    ///< the last, shorter step
  std::int64_t filled = 0;
  std::int64_t frames = 0;
  std::int64_t max_frames = 0;  ///< 0: no limit
};

IncrementalEncoder::IncrementalEncoder(std::shared_ptr<const PreparedModel> prepared,
                                       const Options& options) {
  require(options.frames_per_step >= 1, ErrorCode::kInvalidArgument,
          "frames_per_step {} must be positive", options.frames_per_step);
  const auto step = graph::make_streaming_step(prepared->model().graph("encoder"));
  impl_ = std::make_unique<Impl>(std::move(prepared), step, options);
}
IncrementalEncoder::~IncrementalEncoder() = default;
IncrementalEncoder::IncrementalEncoder(IncrementalEncoder&&) noexcept = default;
IncrementalEncoder& IncrementalEncoder::operator=(IncrementalEncoder&&) noexcept = default;

std::int64_t IncrementalEncoder::channels() const {
  return impl_->channels();
}
std::int64_t IncrementalEncoder::samples_per_frame() const {
  return impl_->samples_per_frame;
}
std::int64_t IncrementalEncoder::frames_per_step() const {
  return impl_->frames_per_step;
}
std::int64_t IncrementalEncoder::frame_dim() const {
  return impl_->session.shape(kOutput).at(2);
}
std::int64_t IncrementalEncoder::frames() const {
  return impl_->frames;
}
std::int64_t IncrementalEncoder::arena_bytes() const {
  return impl_->session.arena_bytes();
}

std::int64_t IncrementalEncoder::take(const float* samples, std::int64_t stride,
                                      std::int64_t count) noexcept {
  const std::int64_t row = impl_->samples_per_step();
  const std::int64_t taken = std::min(count, row - impl_->filled);
  float* to = impl_->input.data() + impl_->filled;
  const std::int64_t rows = static_cast<std::int64_t>(impl_->input.size()) / row;
  for (std::int64_t c = 0; c < rows; ++c) std::copy_n(samples + c * stride, taken, to + c * row);
  impl_->filled += taken;
  return taken;
}

bool IncrementalEncoder::is_full() const noexcept {
  return impl_->filled == impl_->samples_per_step();
}

std::span<const float> IncrementalEncoder::run() {
  Impl& s = *impl_;
  s.check_positions(s.frames_per_step);
  s.session.run();
  s.session.advance();
  s.filled = 0;
  s.frames += s.frames_per_step;
  return s.output;
}

std::span<const float> IncrementalEncoder::run_rest() {
  Impl& s = *impl_;
  const std::int64_t frames = s.filled / s.samples_per_frame;
  if (frames == 0) return {};
  s.check_positions(frames);
  s.rest.emplace(s.prepared, kGraph, bindings_of(frames), std::set<std::string>{}, s.machine);
  s.rest->copy_state(s.session);
  const std::int64_t samples = frames * s.samples_per_frame;
  const std::span<float> to = s.rest->input(kInput);
  for (std::int64_t c = 0; c < s.channels(); ++c) {
    std::copy_n(s.input.data() + c * s.samples_per_step(), samples, to.data() + c * samples);
  }
  s.rest->run();
  s.filled = 0;
  s.frames += frames;
  return s.rest->output(kOutput);
}

void IncrementalEncoder::reset() noexcept {
  impl_->session.reset();
  impl_->filled = 0;
  impl_->frames = 0;
}

}  // namespace nest::runtime
