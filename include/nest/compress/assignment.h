#pragma once

#include <cstddef>
#include <vector>

namespace nest::compress {

/// One way to store a layer.
struct AssignmentChoice {
  double loss = 0;  ///< what it adds to the error of the model
  double cost = 0;  ///< bytes or milliseconds; may be negative
};

struct Assignment {
  std::vector<std::size_t> chosen;  ///< of each layer
  double loss = 0;
  double cost = 0;
  bool is_exact = true;  ///< no other choice within the budget has less loss
};

/// One choice for every layer, the sum of costs at most `budget`, the sum of losses least; among
/// equal losses the least cost, then the first choices.
///
/// Multiple-choice knapsack by Pareto sets (Nemhauser & Ullmann 1969): layer by layer the partial
/// assignments that no other beats in both loss and cost. More than `most_states` of them are
/// thinned, evenly over cost; the result is then within the budget, but not proven the best.
/// Errors: InvalidArgument if a layer has no choice, or if none is within the budget: names the
/// least cost there is.
/// Cost: O(layers · states · choices · log)
Assignment assign_choices(const std::vector<std::vector<AssignmentChoice>>& layers, double budget,
                          std::size_t most_states = 1 << 16);

}  // namespace nest::compress
