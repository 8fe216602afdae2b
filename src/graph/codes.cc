#include "nest/graph/codes.h"

#include <algorithm>
#include <cmath>

#include "nest/core/dtype.h"
#include "nest/core/error.h"
#include "nest/graph/graph.h"

namespace nest::graph {
namespace {

WeightCodes int8_matrix(std::span<const float> w, std::int64_t rows, std::int64_t columns,
                        bool is_shared) {
  const float shared = is_shared ? max_abs(w.data(), rows * columns) / kLargestCode : 0;
  WeightCodes made;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* row = w.data() + r * columns;
    const float scale = is_shared ? shared : max_abs(row, columns) / kLargestCode;
    made.scales.push_back(scale);
    for (std::int64_t c = 0; c < columns; ++c) made.codes.push_back(weight_code(row[c], scale));
  }
  return made;
}

WeightCodes int4_matrix(std::span<const float> w, std::int64_t rows, std::int64_t columns) {
  const std::int64_t blocks = int4_blocks(columns);
  WeightCodes made;
  made.codes.resize(w.size());
  made.multipliers.resize(static_cast<std::size_t>(rows * blocks));
  for (std::int64_t r = 0; r < rows; ++r)
    made.scales.push_back(int4_row(w.data() + r * columns, columns, made.codes.data() + r * columns,
                                   made.multipliers.data() + r * blocks));
  return made;
}

}  // namespace

bool has_precision(const Node& node) {
  return !product_names(node).empty() || std::holds_alternative<Embedding>(node.op);
}

LayerQuantization conv_quantization(const Conv& op, const LayerQuantization& layer,
                                    float activation_scale) {
  constexpr std::int64_t kQuad = 4;
  if (!is_integer(layer.precision) || activation_scale <= 0 || op.in_channels / op.groups < kQuad)
    return {};
  const bool is_shared = layer.granularity == Granularity::kPerTensor;
  return {Precision::kInt8, is_shared ? Granularity::kPerTensor : Granularity::kPerChannel};
}

float max_abs(const float* values, std::int64_t n) {
  float top = 0;
  for (std::int64_t i = 0; i < n; ++i) top = std::max(top, std::fabs(values[i]));
  return top;
}

std::int8_t weight_code(float weight, float scale) {
  if (!(scale > 0)) return 0;
  return static_cast<std::int8_t>(
      std::clamp<float>(std::nearbyintf(weight / scale), -kLargestCode, kLargestCode));
}

ActivationRounding rounding_of_row(float largest) {
  if (!(largest > kLeastLargest)) return {};
  return {kLargestCode / largest, largest / kLargestCode};
}

ActivationRounding rounding_of_scale(float scale) {
  if (!(kLargestCode * scale > kLeastLargest)) return {};
  return {1.0f / scale, scale};
}

std::int8_t activation_code(float x, const ActivationRounding& rounding) {
  return static_cast<std::int8_t>(
      std::nearbyintf(std::clamp<float>(x * rounding.inverse, -kLargestCode, kLargestCode)));
}

WeightCodes weight_codes(std::span<const float> weights, std::int64_t rows, std::int64_t columns,
                         const LayerQuantization& how) {
  require(weights.size() == static_cast<std::size_t>(rows * columns), ErrorCode::kInternal,
          "{} weights for {} x {}", weights.size(), rows, columns);
  require(is_integer(how.precision), ErrorCode::kInternal, "{} has no codes",
          name_of(how.precision));
  if (how.precision == Precision::kInt4) return int4_matrix(weights, rows, columns);
  return int8_matrix(weights, rows, columns, how.granularity == Granularity::kPerTensor);
}

std::vector<float> rounded_weights(std::span<const float> weights, std::int64_t rows,
                                   std::int64_t columns, const LayerQuantization& how) {
  std::vector<float> made(weights.begin(), weights.end());
  if (how.precision == Precision::kFp16) {
    for (float& w : made) w = to_float(to_half(w));
  } else if (how.precision == Precision::kBf16) {
    for (float& w : made) w = to_float(to_bfloat16(w));
  }
  if (!is_integer(how.precision)) return made;
  const WeightCodes codes = weight_codes(weights, rows, columns, how);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const auto at = static_cast<std::size_t>(r * columns + c);
      made[at] = codes.scales[static_cast<std::size_t>(r)] * static_cast<float>(codes.codes[at]);
    }
  }
  return made;
}

}  // namespace nest::graph
