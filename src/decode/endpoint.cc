#include "nest/decode/endpoint.h"

#include <cmath>

#include "nest/core/options.h"

namespace nest::decode {
namespace {

std::int64_t frames_of(double seconds, double frame_s) {
  if (seconds <= 0 || frame_s <= 0) return 0;
  return static_cast<std::int64_t>(std::ceil(seconds / frame_s - 1e-9));
}

}  // namespace

EnumTable enum_table(EndpointState /*of*/) {
  static constexpr EnumName kNames[] = {{EndpointState::kReset, "reset"},
                                        {EndpointState::kCarry, "carry"}};
  return {"state behind an endpoint", kNames};
}

void visit_fields(FieldVisitor& visitor, EndpointOptions& o) {
  visitor.field("endpoint_silence_s", o.trailing_silence_s,
                "seconds of silence behind text that end a segment; 0: never", between(0, 3600),
                {.flag = "endpoint-silence"});
  visitor.field("endpoint_max_s", o.max_segment_s, "longest segment in seconds; 0: no limit",
                between(0, 86400), {.flag = "endpoint-max"});
  visitor.field("endpoint_blank", o.blank_threshold,
                "CTC: probability of blank from which a frame is silent", between(0, 1),
                {.flag = "endpoint-blank"});
  visitor.field("endpoint_state", o.state, "what the search does behind a segment");
}

EndpointRules::EndpointRules(const EndpointOptions& options, double frame_s)
    : most_silent_(frames_of(options.trailing_silence_s, frame_s)),
      most_frames_(frames_of(options.max_segment_s, frame_s)) {}

bool EndpointRules::step(bool is_silent, bool has_text) noexcept {
  silent_ = is_silent ? silent_ + 1 : 0;
  if (!has_text) return false;
  ++frames_;
  return (most_silent_ > 0 && silent_ >= most_silent_) ||
         (most_frames_ > 0 && frames_ >= most_frames_);
}

void EndpointRules::begin() noexcept {
  silent_ = frames_ = 0;
}

bool is_silent(std::span<const float> log_probs, std::int32_t blank_id, double threshold) noexcept {
  return std::exp(static_cast<double>(log_probs[static_cast<std::size_t>(blank_id)])) >= threshold;
}

}  // namespace nest::decode
