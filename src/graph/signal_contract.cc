#include "nest/graph/signal_contract.h"

#include <algorithm>
#include <array>
#include <optional>

#include "nest/core/config.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

constexpr const char* kOrigin = "signal contract";
constexpr std::array<std::string_view, 6> kNames{"none",   "fixed",  "running",
                                                 "zscore", "robust", "whiten"};

std::optional<Normalization> find_normalization(std::string_view name) {
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<Normalization>(at - kNames.begin());
}

void check(const SignalContract& contract) {
  const auto bad = [](const char* field, const std::string& why) {
    fail(ErrorCode::kDataCorrupt, "{}: {} {}", kOrigin, field, why);
  };
  if (contract.rate_hz < 0) bad("rate_hz", "is negative");
  if (contract.num_channels < 0) bad("num_channels", "is negative");
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
  const auto is_negative = [](double value) { return !(value >= 0); };
  if (is_fixed && std::any_of(contract.stddev.begin(), contract.stddev.end(), is_negative)) {
    bad("stddev", "holds a number that is negative or none");
  }
  if (!(contract.running_s > 0)) bad("running_s", "must be above 0");
}

}  // namespace

std::string_view name_of(Normalization kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

Normalization normalization_from_name(std::string_view name) {
  const auto found = find_normalization(name);
  require(found.has_value(), ErrorCode::kInvalidArgument,
          "normalization '{}' is unknown; known: {}", name, fmt::join(kNames, ", "));
  return *found;
}

bool is_of_window(Normalization kind) {
  return kind == Normalization::kZscore || kind == Normalization::kRobust ||
         kind == Normalization::kWhiten;
}

Json to_json(const SignalContract& contract) {
  Json json;
  json["rate_hz"] = contract.rate_hz;
  json["num_channels"] = contract.num_channels;
  json["channels"] = contract.channels;
  json["unit"] = contract.unit;
  json["bandpass_hz"] = contract.bandpass_hz;
  json["bandpass_order"] = contract.bandpass_order;
  json["notch_hz"] = contract.notch_hz;
  json["notch_q"] = contract.notch_q;
  json["ref_electrode"] = contract.ref_electrode;
  json["normalization"] = name_of(contract.normalization);
  json["mean"] = contract.mean;
  json["stddev"] = contract.stddev;
  json["running_s"] = contract.running_s;
  json["window_s"] = contract.window_s;
  json["hop_s"] = contract.hop_s;
  return json;
}

SignalContract signal_contract_from_json(const Json& json) {
  const Config config = Config::from_json(json, kOrigin);
  config.expect_keys({"rate_hz", "num_channels", "channels", "unit", "bandpass_hz",
                      "bandpass_order", "notch_hz", "notch_q", "ref_electrode", "normalization",
                      "mean", "stddev", "running_s", "window_s", "hop_s"});
  SignalContract contract;
  contract.rate_hz = config.get_double("rate_hz", contract.rate_hz);
  if (config.has("channels")) contract.channels = config.at("channels").as_strings();
  contract.num_channels =
      config.get_int("num_channels", static_cast<std::int64_t>(contract.channels.size()));
  contract.unit = config.get_string("unit", contract.unit);
  if (config.has("bandpass_hz")) contract.bandpass_hz = config.at("bandpass_hz").as_doubles();
  contract.bandpass_order =
      static_cast<int>(config.get_int("bandpass_order", contract.bandpass_order));
  contract.notch_hz = config.get_double("notch_hz", contract.notch_hz);
  contract.notch_q = config.get_double("notch_q", contract.notch_q);
  contract.ref_electrode = config.get_string("ref_electrode", contract.ref_electrode);
  if (config.has("normalization")) {
    const std::string kind = config.at("normalization").as_string();
    const auto found = find_normalization(kind);
    require(found.has_value(), ErrorCode::kDataCorrupt,
            "{}: normalization '{}' is unknown; known: {}", kOrigin, kind, fmt::join(kNames, ", "));
    contract.normalization = *found;
  }
  if (config.has("mean")) contract.mean = config.at("mean").as_doubles();
  if (config.has("stddev")) contract.stddev = config.at("stddev").as_doubles();
  contract.running_s = config.get_double("running_s", contract.running_s);
  contract.window_s = config.get_double("window_s", contract.window_s);
  contract.hop_s = config.get_double("hop_s", contract.hop_s);
  check(contract);
  return contract;
}

}  // namespace nest::graph
