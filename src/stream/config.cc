#include "nest/core/options.h"
#include "nest/stream/pipeline.h"

namespace nest::stream {

EnumTable enum_table(StreamMode /*of*/) {
  static constexpr EnumName kNames[] = {{StreamMode::kAuto, "auto"},
                                        {StreamMode::kIncremental, "incremental"},
                                        {StreamMode::kWindowed, "windowed"}};
  return {"mode of a stream", kNames};
}

void visit_fields(FieldVisitor& visitor, WatchdogOptions& o) {
  visitor.field("watchdog", o.is_on,
                "greedy decoding or the fallback model when deadlines are missed");
  visitor.field("watchdog_misses", o.misses, "hops in a row above the deadline that call it",
                at_least(1));
  visitor.field("watchdog_back_s", o.hand_back_s,
                "seconds of signal within half the deadline that end it", above(0));
}

void visit_fields(FieldVisitor& visitor, StreamConfig& o) {
  visitor.group("Streaming");
  visitor.field("mode", o.mode, "incremental (causal models), windowed, or auto");
  visitor.field("window_s", o.window_s, "seconds the encoder sees at once (0: the model's, else 4)",
                between(0, 3600), {.flag = "window"});
  visitor.field("hop_s", o.hop_s, "seconds of new signal a step (0: near the model's, else 0.5)",
                between(0, 3600), {.flag = "hop"});
  visitor.field("lookahead_s", o.lookahead_s, "seconds behind a frame before it is decoded",
                between(0, 3600), {.flag = "lookahead"});
  visitor.field("max_latency_ms", o.max_latency_ms, "deadline of one hop; misses are counted",
                above(0));
  visitor.part("", o.watchdog);
  visitor.group("Endpoints");
  visitor.part("", o.endpoint);
  visitor.part("", o.faults);
}

void validate(const StreamConfig& o) {
  check_fields(o);
  require_field(o.mode != StreamMode::kIncremental || o.window_s == 0, "window_s",
                "is {}, which has no meaning with `mode` incremental", o.window_s);
}

}  // namespace nest::stream
