#pragma once

#include <vector>

namespace nest::profile {

/// An interval that holds the median of what the values were drawn from, by their order alone.
struct MedianInterval {
  double low = 0, high = 0;
  double confidence = 0;  ///< at least 0.95 from six values on; fewer: that of their whole range
};
/// Errors: InvalidArgument without values.
MedianInterval median_interval(std::vector<double> values);

}  // namespace nest::profile
