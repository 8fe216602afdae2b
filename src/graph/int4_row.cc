#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "nest/graph/codes.h"

/// The search for scale and multipliers of a row of 4-bit weights.
namespace nest::graph {
namespace {

constexpr float kLowest = -8, kHighest = 7;
constexpr int kLargestProduct = 8 * kLargestMultiplier;
/// What the row's largest magnitude becomes: kLargestProduct or a little less, which clips nothing
/// at 105 of either sign, and the extreme of one sign at 98.
constexpr float kTops[] = {120, 112, 105, 98};
/// Of the shortened scale 2^-17 in relation, of products with a factor far less.
constexpr float kFactorTolerance = 3e-5f;

/// To 16 significant bits: a product with a code of 8 is exact.
float shortened(float scale) {
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(scale) + 0x80u) & ~0xffu);
}

/// To nearest, ties to even, in arithmetic that compilers turn into vectors; |x| < 2^22.
float nearest(float x) {
  constexpr float kWhole = 12582912;  // 1.5 * 2^23
  return (x + kWhole) - kWhole;
}

/// The code of 4 bits for t steps of the row's scale, and a block's multiplier.
float short_code(float t, float inverse) {
  return std::min(std::max(nearest(t * inverse), kLowest), kHighest);
}

struct Choice {
  float error = 0;  ///< squared, in steps
  int multiplier = 0;
};

float block_error(const float* t, int multiplier) {
  const auto k = static_cast<float>(multiplier);
  const float inverse = 1 / k;
  float part[4] = {};
  for (int i = 0; i < kInt4Block; i += 4)
    for (int j = 0; j < 4; ++j) {
      const float d = t[i + j] - k * short_code(t[i + j], inverse);
      part[j] += d * d;
    }
  return (part[0] + part[1]) + (part[2] + part[3]);
}

/// The best multiplier of a block: from one that clips its largest magnitude to one that cannot.
Choice best_multiplier(const float* t) {
  const float largest = max_abs(t, kInt4Block);
  Choice best;
  for (int i = 0; i < kInt4Block; ++i) best.error += t[i] * t[i];
  const int last = std::min(static_cast<int>(largest / kHighest) + 1, kLargestMultiplier);
  for (int k = std::max(1, static_cast<int>(largest / 9)); k <= last; ++k) {
    const float error = block_error(t, k);
    if (error < best.error) best = {error, k};
  }
  return best;
}

/// A row in whole blocks, padded with zeros.
class Row {
 public:
  Row(const float* weights, std::int64_t columns)
      : columns_(columns), weights_(static_cast<std::size_t>(int4_blocks(columns) * kInt4Block)) {
    std::copy_n(weights, columns, weights_.begin());
  }

  /// Squared error, in units of the scale, and multipliers for a scale.
  double fit(float scale, std::vector<std::uint8_t>& multipliers) const {
    double error = 0;
    for (std::size_t b = 0; b < multipliers.size(); ++b) {
      float t[kInt4Block];
      steps(b, scale, t);
      const Choice choice = best_multiplier(t);
      multipliers[b] = static_cast<std::uint8_t>(choice.multiplier);
      error += static_cast<double>(choice.error);
    }
    return error;
  }

  void write(float scale, const std::uint8_t* multipliers, std::int8_t* codes) const {
    for (std::int64_t begin = 0; begin < columns_; begin += kInt4Block) {
      const auto b = static_cast<std::size_t>(begin / kInt4Block);
      const int k = multipliers[b];
      float t[kInt4Block];
      steps(b, scale, t);
      for (std::int64_t i = begin; i < std::min(begin + kInt4Block, columns_); ++i)
        codes[i] = static_cast<std::int8_t>(
            k == 0 ? 0 : k * static_cast<int>(short_code(t[i - begin], 1 / static_cast<float>(k))));
    }
  }

 private:
  void steps(std::size_t block, float scale, float* t) const {
    const float* w = weights_.data() + block * kInt4Block;
    const float inverse = 1 / scale;
    for (int i = 0; i < kInt4Block; ++i) t[i] = w[i] * inverse;
  }

  std::int64_t columns_;
  std::vector<float> weights_;
};

/// The largest multiplier that says `count` codes, 0 if there is none. A block of zeros has 0 too,
/// but it says so.
bool find_multiplier(const std::int8_t* codes, int count, std::uint8_t& multiplier) {
  const bool is_zero = std::all_of(codes, codes + count, [](int code) { return code == 0; });
  for (int k = is_zero ? 0 : kLargestMultiplier; k >= 0; --k) {
    multiplier = static_cast<std::uint8_t>(k);
    if (k == 0) return is_zero;
    const auto fits = [k](int code) {
      return code % k == 0 && code / k >= static_cast<int>(kLowest) &&
             code / k <= static_cast<int>(kHighest);
    };
    if (std::all_of(codes, codes + count, fits)) return true;
  }
  return false;
}

/// Whether 4 bits say a row, to within `tolerance` of each weight.
bool says(const float* w, std::int64_t columns, float scale, float tolerance, std::int8_t* codes,
          std::uint8_t* multipliers) {
  for (std::int64_t i = 0; i < columns; ++i) {
    const float code = std::nearbyint(w[i] / scale);
    if (!(std::fabs(code) <= kLargestProduct)) return false;
    if (!(std::fabs(scale * code - w[i]) <= tolerance * std::fabs(w[i]))) return false;
    codes[i] = static_cast<std::int8_t>(code);
  }
  for (std::int64_t b = 0; b < int4_blocks(columns); ++b) {
    const auto count = std::min<std::int64_t>(kInt4Block, columns - b * kInt4Block);
    if (!find_multiplier(codes + b * kInt4Block, static_cast<int>(count), multipliers[b]))
      return false;
  }
  return true;
}

}  // namespace

std::int64_t int4_blocks(std::int64_t columns) {
  return (columns + kInt4Block - 1) / kInt4Block;
}

float int4_row(const float* weights, std::int64_t columns, std::int8_t* codes,
               std::uint8_t* multipliers) {
  const std::int64_t blocks = int4_blocks(columns);
  const float largest = max_abs(weights, columns);
  std::fill_n(multipliers, blocks, std::uint8_t{0});
  std::fill_n(codes, columns, std::int8_t{0});
  if (!(largest > kLeastLargest)) return 0;
  // Exactly, or but for a factor: a batch norm that went into weights which were codes.
  for (const float tolerance : {0.0f, kFactorTolerance}) {
    for (int code = kLargestProduct; code > 0; --code) {
      const float scale = shortened(largest / static_cast<float>(code));
      if (says(weights, columns, scale, tolerance, codes, multipliers)) return scale;
    }
  }
  std::fill_n(multipliers, blocks, std::uint8_t{0});
  std::fill_n(codes, columns, std::int8_t{0});
  const Row row(weights, columns);
  std::vector<std::uint8_t> trial(static_cast<std::size_t>(blocks));
  float best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (const float top : kTops) {
    const float scale = shortened(largest / top);
    const double error = row.fit(scale, trial) / static_cast<double>(top * top);
    if (!(error < least)) continue;
    least = error;
    best = scale;
    std::copy(trial.begin(), trial.end(), multipliers);
  }
  row.write(best, multipliers, codes);
  return best;
}

}  // namespace nest::graph
