#pragma once

#include <cstdint>
#include <vector>

#include "nest/compress/prunable.h"
#include "nest/core/enum.h"
#include "nest/core/tensor.h"

namespace nest::compress {

/// How little an element matters.
enum class PruneCriterion : std::uint8_t {
  kMagnitude,   ///< |w|
  kGradient,    ///< |w * dL/dw|
  kActivation,  ///< |w| * root mean square of the input it multiplies
};
EnumTable enum_table(PruneCriterion of);  ///< "magnitude", "gradient", "activation"

/// What the other criteria need, measured on data by the caller.
struct PruneStatistics {
  TensorMap gradients;  ///< of the loss, by weight, in its shape
  /// Root mean square of what each column of a weight multiplies, by weight: [columns], or one a
  /// input channel of a convolution, [shape[1]].
  TensorMap activations;
};

/// Scores of a weight's elements, row-major, at least 0. Errors: NotFound if the statistic is
/// missing; InvalidArgument if it has another shape or is no number somewhere.
std::vector<float> element_scores(PruneCriterion criterion, const PrunableWeight& weight,
                                  const Tensor& values, const PruneStatistics& statistics);

}  // namespace nest::compress
