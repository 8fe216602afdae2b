#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

namespace nest::runtime {

/// Largest magnitude of what went into each product, by its name; see
/// PrepareOptions::record_activations.
struct ActivationMaxima {
  std::map<std::string, std::atomic<float>, std::less<>> by_product;
};

/// How the activations of one product become 8-bit codes.
struct ActivationScale {
  float fixed = 0;  ///< one code, from calibration; 0: every row has its own, largest / 127
  std::atomic<float>* largest = nullptr;  ///< where to record, if asked for

  /// Takes `rows` rows of n floats, `row` apart, into the record.
  void record(const float* x, std::int64_t rows, std::int64_t n, std::int64_t row) const noexcept;
};

}  // namespace nest::runtime
