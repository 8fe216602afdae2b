#include "nest/decode/hypothesis.h"

namespace nest::decode {

void set_times(Hypothesis& hypothesis, double frame_s) {
  for (TokenSpan& span : hypothesis.times) {
    span.start_s = span.start_frame * frame_s;
    span.end_s = span.end_frame * frame_s;
  }
}

}  // namespace nest::decode
