#include <cmath>

#include "nest/core/json.h"
#include "nest/graph/factory.h"

namespace nest::graph {
namespace {

/// Sets every `key` of a model's sections; the specification's model.yaml leaves them to us.
void set_everywhere(Json& json, const std::string& key, std::int64_t value) {
  for (auto& [name, child] : json.items()) {
    if (name == key) child = value;
    if (child.is_object()) set_everywhere(child, key, value);
  }
}

}  // namespace

Model build_fitted_model(std::string_view key, const Config& section, const SignalContract& signal,
                         std::int64_t vocab_size) {
  Json config = section.to_json();
  config.erase("training");
  set_everywhere(config, "vocab_size", vocab_size);
  config["vocab_size"] = vocab_size;
  if (config.contains("spatial_cnn")) {
    config["n_channels"] = signal.num_channels;
    Json& front = config["spatial_cnn"];
    for (const char* name : {"n_channels", "in_channels"}) {
      if (front.contains(name)) front[name] = signal.num_channels;
    }
    if (front.value("type", "") == "EEGNet" && !front.contains("sampling_rate"))
      front["sampling_rate"] = std::llround(signal.rate_hz);
  }
  Model model =
      build_model(key, Config::from_json(config, section.location() + " (fitted to the data)"));
  model.signal = signal;
  return model;
}

}  // namespace nest::graph
