#include "nest/compress/assignment.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "nest/core/error.h"

namespace nest::compress {
namespace {

/// A partial assignment: the last choice and the state it came from.
struct State {
  double loss = 0;
  double cost = 0;
  std::uint32_t before = 0;
  std::uint32_t choice = 0;
};

/// By cost, and with every state of less loss than all cheaper ones.
std::vector<State> undominated(std::vector<State> states) {
  std::ranges::stable_sort(states, [](const State& a, const State& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.loss < b.loss;
  });
  std::vector<State> kept;
  for (const State& state : states) {
    if (kept.empty() || state.loss < kept.back().loss) kept.push_back(state);
  }
  return kept;
}

/// The first, the last and evenly spaced ones between.
std::vector<State> thinned(const std::vector<State>& states, std::size_t most) {
  std::vector<State> kept;
  for (std::size_t i = 0; i < most; ++i)
    kept.push_back(states[i * (states.size() - 1) / std::max<std::size_t>(most - 1, 1)]);
  return kept;
}

double least_cost(const std::vector<AssignmentChoice>& layer) {
  double least = std::numeric_limits<double>::infinity();
  for (const AssignmentChoice& choice : layer) least = std::min(least, choice.cost);
  return least;
}

std::vector<State> extended(const std::vector<State>& states,
                            const std::vector<AssignmentChoice>& layer, double most_cost) {
  std::vector<State> made;
  for (std::size_t s = 0; s < states.size(); ++s) {
    for (std::size_t c = 0; c < layer.size(); ++c) {
      const double cost = states[s].cost + layer[c].cost;
      if (cost > most_cost) continue;
      made.push_back({states[s].loss + layer[c].loss, cost, static_cast<std::uint32_t>(s),
                      static_cast<std::uint32_t>(c)});
    }
  }
  return undominated(std::move(made));
}

}  // namespace

Assignment assign_choices(const std::vector<std::vector<AssignmentChoice>>& layers, double budget,
                          std::size_t most_states) {
  require(most_states >= 2, ErrorCode::kInvalidArgument, "most_states is {}, must be at least 2",
          most_states);
  double rest = 0;  // the least that the layers still to come cost
  for (const auto& layer : layers) {
    require(!layer.empty(), ErrorCode::kInvalidArgument, "a layer has no choice");
    rest += least_cost(layer);
  }
  require(rest <= budget, ErrorCode::kInvalidArgument,
          "a budget of {:.6g} is less than the {:.6g} of the cheapest choices", budget, rest);
  Assignment made;
  std::vector<std::vector<State>> levels{{State{}}};
  // Sums in another order may differ in their last bits.
  const double slack = 1e-12 * (1 + std::abs(budget) + std::abs(rest));
  for (const auto& layer : layers) {
    rest -= least_cost(layer);
    std::vector<State> states = extended(levels.back(), layer, budget - rest + slack);
    if (states.size() > most_states) {
      states = thinned(states, most_states);
      made.is_exact = false;
    }
    levels.push_back(std::move(states));
  }
  std::size_t at = levels.back().size() - 1;  // the dearest has the least loss
  made.loss = levels.back()[at].loss;
  made.cost = levels.back()[at].cost;
  made.chosen.resize(layers.size());
  for (std::size_t i = layers.size(); i-- > 0;) {
    const State& state = levels[i + 1][at];
    made.chosen[i] = state.choice;
    at = state.before;
  }
  return made;
}

}  // namespace nest::compress
