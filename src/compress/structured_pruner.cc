#include "nest/compress/structured_pruner.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/core/suggest.h"
#include "nest/graph/path.h"
#include "unit_scores.h"

namespace nest::compress {
namespace {

/// A group with its units in order of their scores.
struct Ranked {
  graph::UnitGroup group;
  std::vector<std::vector<std::int64_t>> lowest_first;  ///< by part
  std::vector<double> scores;  ///< of the lowest, the next ...; mean over the parts
  std::int64_t removed = 0;
};

Ranked rank(const graph::UnitGroup& group, UnitScores& scores) {
  const auto count = static_cast<std::size_t>(group.count);
  Ranked ranked{group, {}, std::vector<double>(count, 0)};
  for (const graph::UnitPart& part : group.parts) {
    const std::vector<double> values = scores.of(part, group.count);
    std::vector<std::int64_t> order(count);
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return values[static_cast<std::size_t>(a)] < values[static_cast<std::size_t>(b)];
    });
    for (std::size_t i = 0; i < count; ++i) {
      ranked.scores[i] +=
          values[static_cast<std::size_t>(order[i])] / static_cast<double>(group.parts.size());
    }
    ranked.lowest_first.push_back(std::move(order));
  }
  return ranked;
}

/// The longest path in `layers` that a group lies below, null if none.
const std::pair<const std::string, double>* layer_of(const StructuredOptions& o,
                                                     const std::string& group) {
  const std::pair<const std::string, double>* best = nullptr;
  for (const auto& entry : o.layers) {
    if (graph::is_below(group, entry.first) && (!best || entry.first.size() > best->first.size()))
      best = &entry;
  }
  return best;
}

/// Units to keep, in a size that the kernels like.
std::int64_t rounded(const graph::UnitGroup& group, double keep, std::int64_t multiple) {
  if (group.kind == graph::UnitKind::kHead) multiple = 1;
  while (multiple > 1 && group.count < 4 * multiple) multiple /= 2;
  const auto steps = std::llround(keep / static_cast<double>(multiple));
  return std::clamp<std::int64_t>(steps * multiple, std::min(multiple, group.count), group.count);
}

/// How many units each group loses to an amount of all of them.
void share_out(std::vector<Ranked*>& groups, double amount, double most) {
  struct Unit {
    double score;
    std::size_t group;
  };
  std::vector<Unit> units;
  double total = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto count = static_cast<double>(groups[g]->group.count);
    const auto free = static_cast<std::size_t>(most * count);
    for (std::size_t i = 0; i < free; ++i) units.push_back({groups[g]->scores[i], g});
    total += count;
  }
  std::stable_sort(units.begin(), units.end(),
                   [](const Unit& a, const Unit& b) { return a.score < b.score; });
  units.resize(std::min(units.size(), static_cast<std::size_t>(std::llround(amount * total))));
  for (const Unit& unit : units) ++groups[unit.group]->removed;
}

GroupPlan plan_of(const Ranked& ranked, std::int64_t multiple) {
  const std::int64_t count = ranked.group.count, wanted = count - ranked.removed;
  const std::int64_t kept =
      wanted == count ? count : rounded(ranked.group, static_cast<double>(wanted), multiple);
  GroupPlan plan{ranked.group, {}};
  for (const std::vector<std::int64_t>& order : ranked.lowest_first) {
    std::vector<std::int64_t> keep(order.end() - kept, order.end());
    std::sort(keep.begin(), keep.end());
    plan.keep.push_back(std::move(keep));
  }
  return plan;
}

/// Groups that may lose units. Errors: NotFound for a layer that has none.
std::vector<graph::UnitGroup> groups_for(const graph::Model& model, const StructuredOptions& o) {
  std::vector<graph::UnitGroup> groups = graph::unit_groups(model);
  std::vector<std::string> known;
  for (const graph::UnitGroup& group : groups) known.push_back(group.name);
  for (const auto& entry : o.layers) {
    const std::string& layer = entry.first;
    const auto is_its = [&](const std::string& name) { return graph::is_below(name, layer); };
    require(!layer.empty() && std::ranges::any_of(known, is_its), ErrorCode::kNotFound,
            "the model has no layer '{}' with units to prune{}", layer, suggestion(layer, known));
  }
  std::erase_if(groups, [&](const graph::UnitGroup& group) {
    const auto* layer = layer_of(o, group.name);
    return (layer != nullptr && layer->second == 0) || (!group.is_exact && !o.inexact);
  });
  return groups;
}

/// False where the other units lie, in every weight but buffers.
void add_masks(TensorMap& masks, const graph::Model& model, const GroupPlan& plan) {
  graph::Model ones;
  for (const graph::UnitPart& part : plan.group.parts) {
    for (const graph::UnitSlice& slice : part.slices) {
      if (graph::is_buffer(slice.weight)) continue;
      const auto known = masks.find(slice.weight);
      Tensor mask(DType::kBool, model.weights.at(slice.weight).shape());
      if (known == masks.end()) std::ranges::fill(mask.mutable_data<bool>(), true);
      ones.weights.emplace(slice.weight, known == masks.end() ? mask : known->second);
    }
  }
  graph::mask_units(ones, plan.group, plan.keep);
  for (auto& [name, mask] : ones.weights) masks.insert_or_assign(name, std::move(mask));
}

/// Last group first: names of those before it ("x", "x#2") stay what they are.
void remove_all(graph::Model& model, const std::vector<GroupPlan>& plan) {
  for (auto item = plan.rbegin(); item != plan.rend(); ++item) {
    for (const graph::UnitGroup& now : graph::unit_groups(model)) {
      if (now.name == item->group.name) graph::remove_units(model, now, item->keep);
    }
  }
}

}  // namespace

void visit_fields(FieldVisitor& visitor, StructuredOptions& o) {
  visitor.field("amount", o.amount, "part of its units that a group loses", above(0).below(1));
  visitor.field("scope", o.scope, "whether groups meet the amount together or one by one");
  visitor.field("criterion", o.criterion, "what tells how little a weight matters");
  visitor.field("layers", o.layers, "amount of one layer, by its path; 0 leaves it alone",
                at_least(0).below(1), {.flag = "layer"});
  visitor.field("most_of_layer", o.most_of_layer,
                "part of its units that one group may lose to a global amount", above(0).below(1));
  visitor.field("multiple", o.multiple, "units are kept in multiples of it; large groups only",
                between(1, 256));
  visitor.field("inexact", o.inexact,
                "also units under a layer norm, whose removal changes the others' values");
}

void validate(const StructuredOptions& o) {
  check_fields(o);
  require_field(o.scope == PruneScope::kLayer || o.amount <= o.most_of_layer, "most_of_layer",
                "is {}, less than the amount {} that all groups are to lose", o.most_of_layer,
                o.amount);
}

StructuredPruner::StructuredPruner(graph::Model model, const StructuredOptions& options,
                                   PruneStatistics statistics)
    : Pruner(std::move(model)), options_(options), statistics_(std::move(statistics)) {
  validate(options_);
  (void)groups_for(model_, options_);
  (void)compute_sparsity();  // weights are there
}

void StructuredPruner::prune() {
  UnitScores scores(model_, options_.criterion, statistics_);
  std::vector<Ranked> ranked;
  for (const graph::UnitGroup& group : groups_for(model_, options_))
    ranked.push_back(rank(group, scores));
  std::vector<Ranked*> shared;
  for (Ranked& group : ranked) {
    const auto* layer = layer_of(options_, group.group.name);
    if (layer == nullptr && options_.scope == PruneScope::kGlobal) {
      shared.push_back(&group);
      continue;
    }
    const double amount = layer == nullptr ? options_.amount : layer->second;
    group.removed = std::llround(amount * static_cast<double>(group.group.count));
  }
  share_out(shared, options_.amount, options_.most_of_layer);
  std::vector<GroupPlan> plan;
  for (const Ranked& group : ranked) {
    plan.push_back(plan_of(group, options_.multiple));
    if (plan.back().kept() == group.group.count) plan.pop_back();
  }
  require_field(
      !plan.empty(), "amount",
      "is {}, but none of the model's {} groups of units would lose one; ask for more, or "
      "there is nothing left to take away",
      options_.amount, ranked.size());
  for (const GroupPlan& item : plan) {
    add_masks(masks_, model_, item);
    graph::mask_units(model_, item.group, item.keep);
  }
  plan_ = std::move(plan);
}

graph::Model StructuredPruner::planned() const {
  graph::Model planned = model_;
  planned.weights.clear();
  remove_all(planned, plan_);
  return planned;
}

const graph::Model& StructuredPruner::make_permanent() {
  remove_all(model_, plan_);
  plan_.clear();
  return Pruner::make_permanent();
}

}  // namespace nest::compress
