#include "nest/graph/signal_contract.h"

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest::graph {

namespace {

constexpr const char* kOrigin = "signal contract";
void check(const SignalContract& contract) {
  const auto bad = [](const char* field, const std::string& why) {
    fail(ErrorCode::kDataCorrupt, "{}: {} {}", kOrigin, field, why);
  };
  const auto count = static_cast<std::size_t>(contract.num_channels);
  if (!contract.channels.empty() && contract.channels.size() != count) {
    bad("channels",
        fmt::format("has {} names, num_channels is {}", contract.channels.size(), count));
  }
  if (!contract.bandpass_hz.empty() &&
      (contract.bandpass_hz.size() != 2 || contract.bandpass_hz[0] >= contract.bandpass_hz[1])) {
    bad("bandpass_hz", "must be [low, high] with low < high");
  }
  const bool is_fixed = contract.normalization == Normalization::kFixed;
  if (is_fixed && (contract.mean.size() != count || contract.stddev.size() != count)) {
    bad("normalization", "'fixed' needs a mean and a stddev for every channel");
  }
}

}  // namespace

EnumTable enum_table(Normalization /*of*/) {
  static constexpr EnumName kNames[] = {
      {Normalization::kNone, "none"},       {Normalization::kFixed, "fixed"},
      {Normalization::kRunning, "running"}, {Normalization::kZscore, "zscore"},
      {Normalization::kRobust, "robust"},   {Normalization::kWhiten, "whiten"}};
  return {"normalization", kNames};
}

bool is_of_window(Normalization kind) {
  return kind == Normalization::kZscore || kind == Normalization::kRobust ||
         kind == Normalization::kWhiten;
}

void visit_fields(FieldVisitor& visitor, SignalContract& c) {
  visitor.field("rate_hz", c.rate_hz, "sampling rate in Hz; 0: unknown", at_least(0));
  visitor.field("num_channels", c.num_channels, "of the signal", at_least(0));
  visitor.field("channels", c.channels, "names in order; none: only the number is fixed");
  visitor.field("unit", c.unit, "of the samples");
  visitor.field("bandpass_hz", c.bandpass_hz, "low,high edge in Hz");
  visitor.field("bandpass_order", c.bandpass_order, "Butterworth order");
  visitor.field("notch_hz", c.notch_hz, "mains frequency to remove in Hz; 0: none");
  visitor.field("notch_q", c.notch_q, "frequency over -3 dB width of the notch");
  visitor.field("ref_electrode", c.ref_electrode, "average or an electrode; empty: as recorded");
  visitor.field("normalization", c.normalization, "how samples are scaled");
  visitor.field("mean", c.mean, "of each channel");
  visitor.field("stddev", c.stddev, "of each channel", at_least(0));
  visitor.field("running_s", c.running_s, "time constant of running normalization", above(0));
  visitor.field("window_s", c.window_s, "decoding window; 0: whole utterance");
  visitor.field("hop_s", c.hop_s, "new signal a step");
}

SignalContract signal_contract_from_json(const Json& json) {
  SignalContract contract;
  const Config config = Config::from_json(json, kOrigin);
  read_fields(config, contract);
  if (!config.has("num_channels")) {
    contract.num_channels = static_cast<std::int64_t>(contract.channels.size());
  }
  check(contract);
  return contract;
}

}  // namespace nest::graph
