#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/compress/magnitude_pruner.h"
#include "nest/graph/units.h"

namespace nest::compress {

struct StructuredOptions {
  double amount = 0.3;  ///< part of its units that a group loses
  /// kGlobal: part of all units; groups whose units matter less lose more.
  PruneScope scope = PruneScope::kLayer;
  PruneCriterion criterion = PruneCriterion::kMagnitude;
  StringMap<double> layers = {};  ///< amounts of groups at or below a path; 0 leaves them alone
  double most_of_layer = 0.9;     ///< kGlobal: what one group may lose at most
  /// Groups keep a multiple of it (heads: any number), of a half, a quarter ... where they have
  /// less than four times it. 16 is what the runtime computes at once.
  std::int64_t multiple = 16;
  /// Also groups whose removal changes more than their own output (UnitGroup::is_exact).
  bool inexact = false;
};
void visit_fields(FieldVisitor& visitor, StructuredOptions& options);
void validate(const StructuredOptions& options);

/// What becomes of a group of units.
struct GroupPlan {
  graph::UnitGroup group;
  graph::UnitChoice keep;

  std::int64_t kept() const { return static_cast<std::int64_t>(keep.front().size()); }
};

/// Takes whole units out: filters, hidden units of recurrent layers over all gates, attention
/// heads, features of feed-forward, Conformer and joint networks, embeddings (Li et al. 2017; Fang
/// et al. 2023).
///
/// A unit's score is the sum over every weight that makes or reads it. prune() zeros the units, so
/// the model can still be compared with what it was; make_permanent() takes them out. The two give
/// equal outputs unless `inexact` groups went (graph/units.h says which).
class StructuredPruner : public Pruner {
 public:
  /// Errors: FieldError; NotFound for a layer without units to prune (suggests the nearest), a
  /// missing weight or statistic.
  StructuredPruner(graph::Model model, const StructuredOptions& options,
                   PruneStatistics statistics = {});

  /// Errors: FieldError of `amount` if no group would lose a unit.
  void prune() override;
  const graph::Model& make_permanent() override;

  /// Groups that lose units, in the order of unit_groups(); empty before prune().
  const std::vector<GroupPlan>& plan() const { return plan_; }
  /// The graphs as make_permanent() will leave them, without weights: for graph_cost().
  graph::Model planned() const;

 private:
  StructuredOptions options_;
  PruneStatistics statistics_;
  std::vector<GroupPlan> plan_;
};

}  // namespace nest::compress
