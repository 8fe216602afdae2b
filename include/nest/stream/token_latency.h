#pragma once

#include "nest/core/json_fwd.h"

namespace nest::stream {

/// Where the time between a token's signal and its text went.
///
/// Units: milliseconds. signal_ms is signal that had to come after the token's first frame, as
/// look-ahead and until the hop's end; everything else happened after the newest sample of that hop
/// was taken. The filters' delay (StreamingInference::filter_delay_ms()) is inside the token's own
/// times.
struct TokenLatency {
  double signal_ms = 0;
  double arrival_ms = 0;  ///< age of the newest sample when it arrived; 0 if the source cannot tell
  double wait_ms = 0;     ///< arrival to the start of processing
  double preprocess_ms = 0;  ///< filters, buffer, normalisation
  double model_ms = 0;
  double decode_ms = 0;
  double commit_ms = 0;  ///< signal between the hop that heard it and the one that made it final

  double total_ms() const {
    return signal_ms + arrival_ms + wait_ms + preprocess_ms + model_ms + decode_ms + commit_ms;
  }
};
Json to_json(const TokenLatency& latency);

}  // namespace nest::stream
