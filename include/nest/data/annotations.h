#pragma once

#include <string>
#include <vector>

#include "nest/data/manifest.h"
#include "nest/io/recording.h"

namespace nest::data {

/// A part of a recording with a text.
struct AnnotatedRange {
  std::string text;
  SampleRange samples;
  double onset_s = 0;
  double duration_s = 0;
};

/// The annotations that are utterances: with a text and a duration, and about what was said or
/// thought, not about the recording ("BAD", "EDGE", "New Segment/", "boundary"). "Comment/" in
/// front of a text is taken off. What is left out is counted in the log.
std::vector<AnnotatedRange> annotated_ranges(const io::RecordingInfo& recording);

}  // namespace nest::data
