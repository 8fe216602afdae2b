#include "nest/stream/faults.h"

#include "nest/core/json.h"
#include "nest/core/options.h"

namespace nest::stream {

EnumTable enum_table(FaultKind /*of*/) {
  static constexpr EnumName kNames[] = {{FaultKind::kLost, "lost"},
                                        {FaultKind::kDuplicate, "duplicate"},
                                        {FaultKind::kReordered, "reordered"},
                                        {FaultKind::kLate, "late"},
                                        {FaultKind::kClockJump, "clock_jump"},
                                        {FaultKind::kRate, "rate"},
                                        {FaultKind::kFlat, "flat"},
                                        {FaultKind::kNoisy, "noisy"},
                                        {FaultKind::kNotFinite, "not_finite"},
                                        {FaultKind::kDisconnect, "disconnect"},
                                        {FaultKind::kOverflow, "overflow"},
                                        {FaultKind::kGated, "gated"}};
  return {"fault", kNames};
}

EnumTable enum_table(GapPolicy /*of*/) {
  static constexpr EnumName kNames[] = {{GapPolicy::kHold, "hold"},
                                        {GapPolicy::kInterpolate, "interpolate"},
                                        {GapPolicy::kReset, "reset"},
                                        {GapPolicy::kInvalid, "invalid"},
                                        {GapPolicy::kStop, "stop"}};
  return {"gap policy", kNames};
}

EnumTable enum_table(ChannelPolicy /*of*/) {
  static constexpr EnumName kNames[] = {{ChannelPolicy::kHold, "hold"},
                                        {ChannelPolicy::kInvalid, "invalid"},
                                        {ChannelPolicy::kStop, "stop"}};
  return {"policy for bad channels", kNames};
}

void visit_fields(FieldVisitor& visitor, FaultOptions& o) {
  visitor.group("Faults");
  visitor.field("gap_policy", o.gap, "what lost samples do", {}, {.flag = "gap-policy"});
  visitor.field("gap_fill_s", o.max_fill_s, "longest gap in seconds that is filled; longer: reset",
                between(0, 60), {.flag = "gap-fill"});
  visitor.field("warm_up_s", o.warm_up_s,
                "seconds without text behind a reset or an invalid stretch", between(0, 60),
                {.flag = "warm-up"});
  visitor.field("channel_policy", o.channel, "what a flat, noisy or NaN channel does", {},
                {.flag = "channel-policy"});
  visitor.field("noisy_factor", o.noisy_factor,
                "a channel is noisy if so many times louder than the median one; 0: off",
                at_least(0), {.flag = "noisy-factor"});
  visitor.field("gate_share", o.gate_share,
                "part of the channels that, bad at once, closes the gate: no text; 0: no gate",
                between(0, 1), {.flag = "gate"});
  visitor.field("reorder_s", o.reorder_s, "seconds of signal a missing delivery is waited for",
                between(0, 60), {.flag = "reorder"});
}

Json to_json(const Fault& fault) {
  return {{"kind", name_of(fault.kind)},
          {"time_s", fault.time_s},
          {"samples", fault.samples},
          {"what", std::string(fault.what)}};
}

std::int64_t count_of(const FaultCounts& counts, FaultKind kind) {
  return counts[static_cast<std::size_t>(kind)];
}

Json to_json(const FaultCounts& counts) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    if (counts[i] > 0) json[std::string(name_of(static_cast<FaultKind>(i)))] = counts[i];
  }
  return json;
}

}  // namespace nest::stream
