#pragma once

#include <vector>

#include "nest/profile/comparison.h"

namespace nest::profile {

struct Turns {
  std::vector<double> times;   ///< milliseconds of every timed run
  std::vector<double> ratios;  ///< median of each turn over the first contender's of that round
};

/// Times contenders in turns. Errors: Interrupted.
std::vector<Turns> take_turns(const std::vector<Contender*>& contenders,
                              const ComparisonOptions& options, const Job& job);

}  // namespace nest::profile
