#pragma once

#include <cstdint>
#include <span>

#include "nest/core/options_fwd.h"

namespace nest::decode {

/// What goes on behind an endpoint.
enum class EndpointState {
  kReset,  ///< hypotheses and language model begin anew; memory stays bounded
  kCarry,  ///< the search goes on: words behind a pause are judged by those before it
};
EnumTable enum_table(EndpointState of);  ///< "reset", "carry"

/// When an endless stream's text is cut into segments.
struct EndpointOptions {
  double trailing_silence_s = 1;  ///< silence behind text that ends a segment; 0: never
  double max_segment_s = 30;      ///< from a segment's first token; 0: no limit
  double blank_threshold = 0.5;   ///< CTC: a frame is silent if blank is at least so probable
  EndpointState state = EndpointState::kReset;
};
void visit_fields(FieldVisitor& visitor, EndpointOptions& options);

/// Counts silence and length frame by frame, so a stream's segments do not depend on its hops.
///
/// State: thread-compatible. Cost: O(1) a frame, no allocation.
class EndpointRules {
 public:
  /// Units: seconds a frame.
  EndpointRules(const EndpointOptions& options, double frame_s);

  /// One frame more; true if the segment ends behind it. `has_text`: the segment has a token.
  bool step(bool is_silent, bool has_text) noexcept;
  /// A new segment.
  void begin() noexcept;
  bool is_on() const noexcept { return most_silent_ > 0 || most_frames_ > 0; }

 private:
  std::int64_t most_silent_ = 0;
  std::int64_t most_frames_ = 0;
  std::int64_t silent_ = 0;
  std::int64_t frames_ = 0;  ///< since the first token
};

/// Whether a frame of CTC log-probabilities is silent.
bool is_silent(std::span<const float> log_probs, std::int32_t blank_id, double threshold) noexcept;

}  // namespace nest::decode
