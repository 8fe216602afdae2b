#include "median_interval.h"

#include <algorithm>
#include <cmath>

#include "nest/core/error.h"

namespace nest::profile {

MedianInterval median_interval(std::vector<double> values) {
  require(!values.empty(), ErrorCode::kInvalidArgument, "no values have no median");
  std::ranges::sort(values);
  const auto n = static_cast<double>(values.size());
  // The median lies outside the k-th smallest and largest with twice P(Binomial(n, 1/2) < k).
  const auto outside = [n](double k) {
    double tail = 0;
    for (double i = 0; i < k; ++i)
      tail += std::exp(std::lgamma(n + 1) - std::lgamma(i + 1) - std::lgamma(n - i + 1) -
                       n * std::log(2.0));
    return 2 * tail;
  };
  std::size_t k = 1;
  while (2 * (k + 1) <= values.size() && outside(static_cast<double>(k + 1)) <= 0.05) ++k;
  return {values[k - 1], values[values.size() - k], 1 - outside(static_cast<double>(k))};
}

}  // namespace nest::profile
