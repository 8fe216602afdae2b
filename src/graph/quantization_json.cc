#include <limits>

#include "json_fields.h"
#include "nest/graph/model.h"

namespace nest::graph {
namespace {

/// More entries than any model has products: a file cannot make one spend its time on names.
constexpr std::size_t kMostEntries = std::size_t{1} << 17;

Json layer_json(const LayerQuantization& layer) {
  Json json{{"precision", name_of(layer.precision)}};
  if (layer.granularity) json["granularity"] = name_of(*layer.granularity);
  return json;
}

LayerQuantization layer_from_json(const Json& json) {
  LayerQuantization layer{
      from_name<Precision>(get<std::string>(json, "precision"), ErrorCode::kDataCorrupt)};
  if (json.contains("granularity"))
    layer.granularity =
        from_name<Granularity>(get<std::string>(json, "granularity"), ErrorCode::kDataCorrupt);
  return layer;
}

ActivationQuantization activation_from_json(const Json& json) {
  const auto scale = get<double>(json, "scale");
  const auto bits = get<std::int64_t>(json, "bits");
  require(scale > 0 && scale <= std::numeric_limits<float>::max() && bits > 0 && bits <= 64,
          ErrorCode::kDataCorrupt, "scale {} of {} bits", scale, bits);
  return {static_cast<float>(scale), static_cast<int>(bits)};
}

/// Calls read(name, entry) for every entry of an optional map.
template <class F>
void each_entry(const Json& json, std::string_view key, const F& read) {
  if (!json.contains(key)) return;
  const Json& map = field(json, key);
  require(map.is_object() && map.size() <= kMostEntries, ErrorCode::kDataCorrupt,
          "field '{}' is not an object of at most {} entries", key, kMostEntries);
  for (const auto& [name, entry] : map.items()) {
    with_context(fmt::format("{} '{}'", key, name), [&] { read(name, entry); });
  }
}

}  // namespace

Json to_json(const Quantization& quantization) {
  Json json = layer_json({quantization.precision, quantization.granularity});
  for (const auto& [name, layer] : quantization.layers) json["layers"][name] = layer_json(layer);
  for (const auto& [name, activation] : quantization.activations)
    json["activations"][name] = {{"scale", activation.scale}, {"bits", activation.bits}};
  return json;
}

Quantization quantization_from_json(const Json& json, const Model& model) {
  return with_context("quantization", [&] {
    const auto [precision, granularity] = layer_from_json(json);
    Quantization quantization{precision, granularity};
    each_entry(json, "layers", [&](const std::string& name, const Json& entry) {
      quantization.layers[name] = layer_from_json(entry);
    });
    each_entry(json, "activations", [&](const std::string& name, const Json& entry) {
      quantization.activations[name] = activation_from_json(entry);
    });
    try {
      validate(quantization, model);
    } catch (const Error& error) {
      fail(ErrorCode::kDataCorrupt, "{}", error.what());
    }
    return quantization;
  });
}

}  // namespace nest::graph
