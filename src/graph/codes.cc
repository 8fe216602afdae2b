#include "nest/graph/codes.h"

#include <algorithm>
#include <cmath>

#include "nest/core/dtype.h"
#include "nest/core/error.h"
#include "nest/graph/graph.h"

namespace nest::graph {
namespace {

/// Codes of one block for a scale; returns the squared error.
double block_error(const float* w, int count, float scale, int* codes) {
  double error = 0;
  for (int i = 0; i < count; ++i) {
    codes[i] =
        scale == 0 ? 0 : static_cast<int>(std::clamp(std::nearbyintf(w[i] / scale), -8.0f, 7.0f));
    const double d = static_cast<double>(w[i]) - static_cast<double>(scale) * codes[i];
    error += d * d;
  }
  return error;
}

std::int64_t blocks_of(std::int64_t columns) {
  return (columns + kInt4Block - 1) / kInt4Block;
}

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
  WeightCodes made;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t begin = 0; begin < columns; begin += kInt4Block) {
      const auto count = static_cast<int>(std::min<std::int64_t>(kInt4Block, columns - begin));
      int codes[kInt4Block] = {};
      made.scales.push_back(int4_codes(w.data() + r * columns + begin, count, codes));
      for (int i = 0; i < count; ++i) made.codes.push_back(static_cast<std::int8_t>(codes[i]));
    }
  }
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

float int4_codes(const float* w, int count, int* codes) {
  float extreme = 0;
  for (int i = 0; i < count; ++i) extreme = std::fabs(w[i]) > std::fabs(extreme) ? w[i] : extreme;
  float best = 0;
  double least = block_error(w, count, 0, codes);
  int trial[kInt4Block];
  // The largest magnitude lands on -8 or 7; slightly clipped candidates compete with it.
  for (const float divisor : {-8.0f, -7.5f, 7.0f, -7.0f, 7.5f, -8.8f, 8.0f}) {
    const float scale = to_float(to_half(extreme / divisor));
    const double error = block_error(w, count, scale, trial);
    if (error < least) {
      least = error;
      best = scale;
      std::copy_n(trial, count, codes);
    }
  }
  return best;
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
  const bool is_block = how.precision == Precision::kInt4;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const auto at = static_cast<std::size_t>(r * columns + c);
      const auto scale =
          static_cast<std::size_t>(is_block ? r * blocks_of(columns) + c / kInt4Block : r);
      made[at] = codes.scales[scale] * static_cast<float>(codes.codes[at]);
    }
  }
  return made;
}

}  // namespace nest::graph
