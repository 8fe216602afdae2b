#include "unit_scores.h"

#include "nest/core/error.h"

namespace nest::compress {

UnitScores::UnitScores(const graph::Model& model, PruneCriterion criterion,
                       const PruneStatistics& statistics)
    : model_(model), criterion_(criterion), statistics_(statistics) {
  for (PrunableWeight& weight : prunable_weights(model)) {
    std::string name = weight.name;
    weights_.emplace(std::move(name), std::move(weight));
  }
}

const std::vector<double>& UnitScores::along(const std::string& weight, int axis) {
  const auto [entry, is_new] = sums_.try_emplace({weight, axis});
  std::vector<double>& sums = entry->second;
  const auto prunable = weights_.find(weight);
  if (!is_new || prunable == weights_.end()) return sums;
  const Shape& shape = prunable->second.shape;
  const std::vector<float> scores =
      element_scores(criterion_, prunable->second, model_.weights.at(weight), statistics_);
  sums.assign(static_cast<std::size_t>(shape[static_cast<std::size_t>(axis)]), 0);
  std::size_t inner = 1;
  for (std::size_t i = static_cast<std::size_t>(axis) + 1; i < shape.size(); ++i)
    inner *= static_cast<std::size_t>(shape[i]);
  for (std::size_t i = 0; i < scores.size(); ++i) sums[i / inner % sums.size()] += scores[i];
  return sums;
}

std::vector<double> UnitScores::of(const graph::UnitPart& part, std::int64_t count) {
  std::vector<double> scores(static_cast<std::size_t>(count), 0);
  double sum = 0;
  for (const graph::UnitSlice& slice : part.slices) {
    const std::vector<double>& places = along(slice.weight, slice.axis);
    if (places.empty()) continue;
    for (std::size_t unit = 0; unit < scores.size(); ++unit) {
      for (const std::int64_t place : slice.indices[unit]) {
        scores[unit] += places.at(static_cast<std::size_t>(place));
        sum += places[static_cast<std::size_t>(place)];
      }
    }
  }
  const double mean = sum / static_cast<double>(count);
  for (double& score : scores) score = mean > 0 ? score / mean : 1;
  return scores;
}

}  // namespace nest::compress
