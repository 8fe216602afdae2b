#include "narrow_file.h"

#include <algorithm>

#include "nest/core/base64.h"
#include "nest/core/config.h"
#include "nest/core/deflate.h"
#include "nest/core/error.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/code_rows.h"
#include "nest/graph/factory.h"
#include "nest/graph/old_code_rows.h"

namespace nest::deploy {
namespace {

constexpr std::size_t kMostEntry = std::size_t{64} << 20;

std::int64_t columns_of(const Shape& shape) {
  return shape.front() == 0 ? 0 : numel(shape) / shape.front();
}

Tensor narrow(const Tensor& weight, const graph::LayerQuantization& how) {
  if (how.precision == graph::Precision::kFp16) return weight.to(DType::kF16);
  if (how.precision == graph::Precision::kBf16) return weight.to(DType::kBF16);
  const std::int64_t rows = weight.dim(0), columns = columns_of(weight.shape());
  Tensor bytes(DType::kU8, {rows, graph::row_bytes(how.precision, columns)});
  const Tensor floats = weight.to(DType::kF32);
  graph::write_rows(floats.data<float>(), rows, columns, how,
                    static_cast<std::byte*>(bytes.mutable_raw()));
  return bytes;
}

Tensor wide(const Tensor& bytes, const Shape& shape, graph::Precision precision, bool is_old) {
  const std::int64_t rows = shape.front(), columns = columns_of(shape);
  const bool is_old_int4 = is_old && precision == graph::Precision::kInt4;
  const Shape expected{rows, is_old_int4 ? graph::old_int4_row_bytes(columns)
                                         : graph::row_bytes(precision, columns)};
  require(bytes.shape() == expected, ErrorCode::kDataCorrupt,
          "{} codes of {} have {} bytes, expected {}", name_of(precision), to_string(shape),
          to_string(bytes.shape()), to_string(expected));
  const auto* stored = static_cast<const std::byte*>(bytes.raw());
  return Tensor::from(shape, is_old_int4 ? graph::read_old_int4_rows(stored, rows, columns)
                                         : graph::read_rows(stored, rows, columns, precision));
}

/// What a file would give back.
Tensor rounded(const Tensor& weight, const graph::LayerQuantization& how) {
  const Tensor stored = narrow(weight, how);
  return stored.dtype() == DType::kU8 ? wide(stored, weight.shape(), how.precision, false) : stored;
}

bool are_halves(const Tensor& weight) {
  return weight.dtype() == DType::kF32 &&
         std::ranges::all_of(weight.data<float>(),
                             [](float value) { return to_float(to_half(value)) == value; });
}

/// What of the model's weights follows from its graphs and constructor arguments.
TensorMap derived_weights(const graph::Model& model) {
  TensorMap derived = graph::positional_tables(model);
  if (const auto built = built_by_config(model)) {
    for (const graph::WeightInfo& info : graph::weight_infos(model)) {
      const auto preset = built->presets.find(info.name);
      if (graph::is_buffer(info.name) && preset != built->presets.end() &&
          preset->second.shape() == info.shape)
        derived.emplace(info.name, preset->second);
    }
  }
  return derived;
}

}  // namespace

Config named_config(const Config& config) {
  if (config.has("model_name") || config.has("type")) return config;
  Json named = config.to_json();
  named["model_name"] = infer_model_name(config);
  return Config::from_json(named, config.location());
}

std::optional<graph::Model> built_by_config(const graph::Model& model) {
  if (!model.config.is_object()) return std::nullopt;
  try {
    return graph::build_from_model_config(
        named_config(Config::from_json(model.config, "model_config")), model.name);
  } catch (const Error&) {
    return std::nullopt;
  }
}

TensorMap narrowed(const graph::Model& model) {
  TensorMap weights = model.weights;
  const auto narrow_weights = graph::narrow_weights(model);
  for (const auto& [name, own] : derived_weights(model)) {
    const auto found = weights.find(name);
    const auto how = narrow_weights.find(name);
    const bool follows =
        found != weights.end() &&
        (bit_equal(found->second, own) ||
         (how != narrow_weights.end() && bit_equal(found->second, rounded(own, how->second))));
    if (follows) weights.erase(found);
  }
  for (const auto& [name, how] : narrow_weights) {
    require(model.weights.contains(name), ErrorCode::kNotFound, "weight '{}' is missing", name);
    if (const auto found = weights.find(name); found != weights.end())
      found->second = narrow(found->second, how);
  }
  for (auto& [name, weight] : weights) {
    if (are_halves(weight)) weight = weight.to(DType::kF16);
  }
  return weights;
}

void widen(TensorMap& weights, graph::Model& model, std::int64_t code_rows) {
  if (model.quantization == graph::Quantization{}) return;
  require(code_rows <= graph::kCodeRows, ErrorCode::kUnsupported,
          "weights in rows of version {}, this build reads {} and earlier ones", code_rows,
          graph::kCodeRows);
  const auto how = graph::narrow_weights(model);
  for (const auto& [name, weight] : derived_weights(model)) {
    const auto narrow_by = how.find(name);
    weights.try_emplace(name, narrow_by == how.end() ? weight : rounded(weight, narrow_by->second));
  }
  for (const graph::WeightInfo& info : graph::weight_infos(model)) {
    const auto found = weights.find(info.name);
    if (found == weights.end()) continue;
    Tensor& weight = found->second;
    const auto narrow_by = how.find(info.name);
    if (narrow_by == how.end() && weight.dtype() == DType::kF16) weight = weight.to(DType::kF32);
    if (narrow_by == how.end() || weight.dtype() != DType::kU8) continue;
    with_context("tensor '" + info.name + "'", [&] {
      weight = wide(weight, info.shape, narrow_by->second.precision, code_rows < graph::kCodeRows);
    });
  }
  if (code_rows < graph::kCodeRows) graph::make_int8_of_int4(model.quantization);
}

Json unpacked_entry(const Json& entry, std::string_view name) {
  if (!entry.is_string()) return entry;
  const std::vector<std::byte> packed = base64_decode(entry.get<std::string>());
  const std::string text =
      inflated({reinterpret_cast<const char*>(packed.data()), packed.size()}, kMostEntry);
  return parse_json(text, std::string(name));
}

}  // namespace nest::deploy
