#pragma once

#include "nest/core/trace.h"
#include "nest/stream/pipeline.h"

namespace nest::stream {

/// Draws a stream on a timeline: hops with what they waited for, preprocessed, encoded and decoded;
/// deadlines that were missed and gaps as marks; the age of each hop's text as a curve.
///
/// Call add() from the pipeline's sink. The trace must outlive it. Allocates.
class StreamTrace {
 public:
  StreamTrace(Trace& trace, const StreamingInference& pipeline);
  void add(const StreamEvent& event);

 private:
  Trace& trace_;
  const StreamingInference& pipeline_;
  int hops_;
  int waits_;
  int marks_;
  std::int64_t gaps_ = 0;
};

}  // namespace nest::stream
