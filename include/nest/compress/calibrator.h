#pragma once

#include <cstdint>

#include "nest/compress/histogram.h"
#include "nest/core/enum.h"
#include "nest/core/options_fwd.h"

namespace nest::compress {

/// Which magnitude becomes the largest code; what is above it saturates.
enum class Calibrator : std::uint8_t {
  kMinMax,      ///< the largest there was
  kMoving,      ///< moving average of the largest of each batch
  kPercentile,  ///< below which a share of all values lies
  kEntropy,     ///< least Kullback-Leibler divergence of the rounded distribution
  kMse,         ///< least mean squared error of the rounded values
};
EnumTable enum_table(Calibrator of);  ///< "minmax", "moving", "percentile", "entropy", "mse"

struct CalibratorOptions {
  Calibrator calibrator = Calibrator::kMse;
  double percentile = 99.99;
  double momentum = 0.9;  ///< kMoving: what a batch leaves of the average before it
};
void visit_fields(FieldVisitor& visitor, CalibratorOptions& options);

/// What was seen of one product's activations.
struct MagnitudeStatistics {
  MagnitudeHistogram histogram;
  std::uint64_t batches = 0;
  double moving_largest = 0;  ///< of the largest of each batch, with CalibratorOptions::momentum
};

/// The magnitude of code 127, at most the largest seen; 0 if only zeros were.
///
/// kPercentile: upper edge of the bin in which it lies. kEntropy: Migacz 2017 ("8-bit inference
/// with TensorRT") with 128 levels: values above a threshold join its last bin. kMse: rounding adds
/// scale^2 / 12 to a value (below half a code its square, zeros nothing), saturation the square of
/// what is cut off. Cost: O(bins), kEntropy O(bins^2).
double threshold_of(const MagnitudeStatistics& statistics, const CalibratorOptions& options);

}  // namespace nest::compress
