#include "nest/runtime/options.h"

#include <array>
#include <cmath>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/runtime/isa.h"

namespace nest::runtime {
namespace {

constexpr std::array<std::string_view, 5> kNames{"fp32", "fp16", "bf16", "int8", "int4"};

bool is_prefix(std::string_view prefix, std::string_view name) {
  return name.starts_with(prefix) &&
         (name.size() == prefix.size() || prefix.empty() || name[prefix.size()] == '.');
}

}  // namespace

std::string_view name_of(Precision precision) {
  return kNames.at(static_cast<std::size_t>(precision));
}

Precision precision_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Precision>(i);
  }
  fail(ErrorCode::kInvalidArgument, "unknown precision '{}'; known: fp32, fp16, bf16, int8, int4",
       name);
}

void register_flags(Flags& flags, Options& options) {
  flags.group("Native runtime");
  flags.add("precision", options.precision, "weights of matrix products")
      .choices({kNames.begin(), kNames.end()});
  flags.add("isa", options.isa, "instruction set (default: NEST_ISA or the strongest)");
  flags.add("threads", options.threads, "threads; 0: all cores");
  flags.add("spin-us", options.spin_us, "microseconds an idle worker spins before it sleeps");
  flags.add("pin-threads", options.pin_threads, "bind each worker to one core");
  flags.add("sparse", options.sparse, "skip blocks of zeros in weights that have enough of them");
  flags.add("rewrite", options.rewrite, "fold, reorder and fuse layers");
}

void validate(const Options& options) {
  precision_from_name(options.precision);
  for (const auto& [layer, precision] : options.layers) {
    with_context("layer " + layer, [&] { return precision_from_name(precision); });
  }
  for (const auto& [product, scale] : options.activation_scales) {
    require(std::isfinite(scale) && scale > 0, ErrorCode::kInvalidArgument,
            "activation scale of '{}' is {}, must be above 0", product, scale);
  }
  require(!options.record_activations || options.activation_scales.empty(),
          ErrorCode::kInvalidArgument, "activations are recorded without scales");
  if (!options.isa.empty()) isa_from_name(options.isa);
  require(options.threads >= 0 && options.threads <= 256, ErrorCode::kInvalidArgument,
          "threads is {}, must be 0 to 256", options.threads);
  require(options.spin_us >= 0 && options.spin_us <= 100000, ErrorCode::kInvalidArgument,
          "spin-us is {}, must be 0 to 100000", options.spin_us);
}

Json to_json(const Options& options) {
  Json json;
  json["precision"] = options.precision;
  json["layers"] = Json::object();
  for (const auto& [layer, precision] : options.layers) json["layers"][layer] = precision;
  json["activation_scales"] = Json::object();
  for (const auto& [product, scale] : options.activation_scales)
    json["activation_scales"][product] = scale;
  json["isa"] = options.isa;
  json["threads"] = options.threads;
  json["spin_us"] = options.spin_us;
  json["pin_threads"] = options.pin_threads;
  json["sparse"] = options.sparse;
  json["rewrite"] = options.rewrite;
  return json;
}

Options options_from_json(const Json& json) {
  Options options;
  try {
    options.precision = json.at("precision").get<std::string>();
    for (const auto& [layer, precision] : json.at("layers").items())
      options.layers[layer] = precision.get<std::string>();
    for (const auto& [product, scale] : json.at("activation_scales").items())
      options.activation_scales[product] = scale.get<float>();
    options.isa = json.at("isa").get<std::string>();
    options.threads = json.at("threads").get<int>();
    options.spin_us = json.at("spin_us").get<int>();
    options.pin_threads = json.at("pin_threads").get<bool>();
    options.sparse = json.at("sparse").get<bool>();
    options.rewrite = json.at("rewrite").get<bool>();
    validate(options);
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "runtime options: {}", error.what());
  } catch (const Error& error) {
    fail(ErrorCode::kDataCorrupt, "runtime options: {}", error.what());
  }
  return options;
}

Precision precision_of(const Options& options, std::string_view node) {
  std::string_view best = options.precision;
  std::size_t length = 0;
  for (const auto& [prefix, precision] : options.layers) {
    if (is_prefix(prefix, node) && prefix.size() >= length) {
      best = precision;
      length = prefix.size();
    }
  }
  return precision_from_name(best);
}

}  // namespace nest::runtime
