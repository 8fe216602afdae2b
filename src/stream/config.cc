#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/stream/pipeline.h"

namespace nest::stream {

void register_flags(Flags& flags, StreamConfig& config) {
  flags.group("Streaming");
  flags.add("mode", config.mode, "incremental (causal models), windowed, or auto")
      .choices({"auto", "incremental", "windowed"});
  flags.add("window", config.window_s, "seconds the encoder sees at once (0: the model's, else 4)");
  flags.add("hop", config.hop_s, "seconds of new signal a step (0: near the model's, else 0.5)");
  flags.add("lookahead", config.lookahead_s, "seconds behind a frame before it is decoded");
  flags.add("max-latency-ms", config.max_latency_ms, "deadline of one hop; misses are counted");
  flags.add("gap-policy", config.gap_policy, "lost samples: start anew or stop")
      .choices({"reset", "stop"});
}

void validate(const StreamConfig& config) {
  require(config.mode == "auto" || config.mode == "incremental" || config.mode == "windowed",
          ErrorCode::kInvalidArgument, "--mode '{}' is unknown; known: auto, incremental, windowed",
          config.mode);
  require(config.mode != "incremental" || config.window_s == 0, ErrorCode::kInvalidArgument,
          "--window {} has no meaning with --mode incremental", config.window_s);
  require(config.window_s >= 0 && config.window_s <= 3600, ErrorCode::kInvalidArgument,
          "--window is {} s; it must be from 0 to 3600", config.window_s);
  require(config.hop_s >= 0 && config.hop_s <= 3600, ErrorCode::kInvalidArgument,
          "--hop is {} s; it must be from 0 to 3600", config.hop_s);
  require(config.lookahead_s >= 0 && config.lookahead_s <= 3600, ErrorCode::kInvalidArgument,
          "--lookahead is {} s; it must be from 0 to 3600", config.lookahead_s);
  require(config.max_latency_ms > 0, ErrorCode::kInvalidArgument,
          "--max-latency-ms is {}; it must be above 0", config.max_latency_ms);
  require(config.gap_policy == "reset" || config.gap_policy == "stop", ErrorCode::kInvalidArgument,
          "--gap-policy '{}' is unknown; known: reset, stop", config.gap_policy);
}

Json to_json(const StreamConfig& config) {
  return {{"mode", config.mode},
          {"window_s", config.window_s},
          {"hop_s", config.hop_s},
          {"lookahead_s", config.lookahead_s},
          {"max_latency_ms", config.max_latency_ms},
          {"gap_policy", config.gap_policy}};
}

}  // namespace nest::stream
