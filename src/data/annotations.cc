#include "nest/data/annotations.h"

#include <cmath>

#include "data/annotation_rules.h"
#include "nest/core/log.h"

namespace nest::data {

std::vector<AnnotatedRange> annotated_ranges(std::span<const io::Annotation> annotations,
                                             const io::RecordingInfo& recording,
                                             AnnotationRules& rules) {
  std::vector<AnnotatedRange> ranges;
  for (const io::Annotation& note : annotations) {
    const auto text = rules.text_of(note.text);
    if (!text) continue;
    const auto length = std::llround(note.duration_s * recording.rate_hz);
    if (length <= 0) {
      rules.leave_out("without a duration");
      continue;
    }
    ranges.push_back(
        {*text, {recording.sample_at(note.onset_s), length}, note.onset_s, note.duration_s});
  }
  return ranges;
}

std::vector<AnnotatedRange> annotated_ranges(const io::RecordingInfo& recording) {
  AnnotationRules rules("");
  auto ranges = annotated_ranges(recording.annotations, recording, rules);
  if (!rules.left_out().empty()) log_info("{}", left_out_text(rules.left_out()));
  return ranges;
}

}  // namespace nest::data
