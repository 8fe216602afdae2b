#pragma once

#include <map>
#include <string>
#include <vector>

#include "nest/compress/criterion.h"
#include "nest/graph/units.h"

namespace nest::compress {

/// Scores of the units of groups: sums over the prunable weights that make or read a unit.
class UnitScores {
 public:
  /// Both must outlive this.
  UnitScores(const graph::Model& model, PruneCriterion criterion,
             const PruneStatistics& statistics);

  /// By unit; the mean over the units is 1 (all 1 where every score is 0).
  std::vector<double> of(const graph::UnitPart& part, std::int64_t count);

 private:
  /// Sums of a weight's element scores by place on an axis; empty if it is not prunable.
  const std::vector<double>& along(const std::string& weight, int axis);

  const graph::Model& model_;
  PruneCriterion criterion_;
  const PruneStatistics& statistics_;
  std::map<std::string, PrunableWeight> weights_;
  std::map<std::pair<std::string, int>, std::vector<double>> sums_;
};

}  // namespace nest::compress
