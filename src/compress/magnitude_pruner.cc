#include "nest/compress/magnitude_pruner.h"

#include <cmath>

#include "nest/compress/pattern.h"
#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/core/suggest.h"
#include "selection.h"

namespace nest::compress {
namespace {

constexpr double kDefaultAmount = 0.5;

/// The entry of `layers` that a weight falls under, null if none.
const std::pair<const std::string, double>* layer_of(const MagnitudeOptions& o,
                                                     const PrunableWeight& weight) {
  const std::pair<const std::string, double>* best = nullptr;
  for (const auto& entry : o.layers) {
    if (weight.is_of(entry.first) && (!best || entry.first.size() > best->first.size()))
      best = &entry;
  }
  return best;
}

std::vector<Candidate> candidates_of(const graph::Model& model, const MagnitudeOptions& options,
                                     const PruneStatistics& statistics) {
  std::vector<Candidate> made;
  for (PrunableWeight& weight : prunable_weights(model)) {
    const auto* layer = layer_of(options, weight);
    if (layer != nullptr && layer->second == 0) continue;
    const Tensor& values = model.weights.at(weight.name);
    std::vector<float> scores = element_scores(options.criterion, weight, values, statistics);
    const Tensor floats = values.to(DType::kF32);
    Tensor is_kept(DType::kBool, weight.shape);
    for (std::size_t i = 0; i < scores.size(); ++i)
      is_kept.mutable_data<bool>()[i] = floats.data<float>()[i] != 0;
    made.push_back({std::move(weight), std::move(scores), std::move(is_kept)});
  }
  return made;
}

/// Candidates that meet an amount together.
struct Pool {
  double amount = 0;
  std::vector<Candidate*> candidates;
};

std::map<std::string, Pool> pools_of(std::vector<Candidate>& candidates,
                                     const MagnitudeOptions& options, double amount) {
  std::map<std::string, Pool> pools;
  for (Candidate& candidate : candidates) {
    const auto* layer = layer_of(options, candidate.weight);
    const std::string key = options.scope == PruneScope::kLayer ? candidate.weight.name
                            : layer == nullptr                  ? ""
                                                                : layer->first;
    Pool& pool = pools[key];
    pool.amount = layer == nullptr ? amount : layer->second;
    pool.candidates.push_back(&candidate);
  }
  return pools;
}

void check_layers(const graph::Model& model, const MagnitudeOptions& options) {
  const std::vector<PrunableWeight> weights = prunable_weights(model);
  require(!weights.empty(), ErrorCode::kInvalidArgument,
          "model '{}' has no weights that pruning could make zeros in", model.name);
  std::vector<std::string> known;
  for (const PrunableWeight& weight : weights) {
    require(model.weights.contains(weight.name), ErrorCode::kNotFound, "weight '{}' is missing",
            weight.name);
    known.push_back(weight.name);
    known.insert(known.end(), weight.nodes.begin(), weight.nodes.end());
  }
  for (const auto& entry : options.layers) {
    const std::string& layer = entry.first;
    const auto is_its = [&](const PrunableWeight& weight) { return weight.is_of(layer); };
    require(!layer.empty() && std::ranges::any_of(weights, is_its), ErrorCode::kNotFound,
            "the model has no layer '{}' with weights to prune{}", layer, suggestion(layer, known));
  }
}

}  // namespace

EnumTable enum_table(PruneScope /*of*/) {
  static constexpr EnumName kNames[] = {{PruneScope::kGlobal, "global"},
                                        {PruneScope::kLayer, "layer"}};
  return {"pruning scope", kNames};
}

double amount_of(const MagnitudeOptions& options) {
  const PrunePattern pattern = pattern_from_text(options.pattern);
  if (pattern.kind == PrunePattern::Kind::kNOfM)
    return 1 - static_cast<double>(pattern.n) / static_cast<double>(pattern.m);
  return options.amount.value_or(kDefaultAmount);
}

void visit_fields(FieldVisitor& visitor, MagnitudeOptions& o) {
  visitor.field("amount", o.amount,
                "part of the weights that becomes zero; default: 0.5, or what N:M makes",
                above(0).below(1));
  visitor.field("pattern", o.pattern,
                "element; block: 16 outputs x 4 inputs, which the runtime skips; or N:M, N of M "
                "inputs stay");
  visitor.field("scope", o.scope, "whether layers meet the amount together or one by one");
  visitor.field("criterion", o.criterion, "what tells how little a weight matters");
  visitor.field("layers", o.layers, "amount of one layer, by its path; 0 leaves it alone",
                at_least(0).below(1), {.flag = "layer"});
  visitor.field("most_of_layer", o.most_of_layer,
                "part of its weights that one layer may lose to a global amount", above(0).to(1));
}

void validate(const MagnitudeOptions& o) {
  check_fields(o);
  const PrunePattern pattern = pattern_from_text(o.pattern);
  const double amount = amount_of(o);
  const bool is_fixed = pattern.kind == PrunePattern::Kind::kNOfM;
  const auto fits = [&](double given) { return !is_fixed || std::abs(given - amount) < 1e-3; };
  require_field(fits(o.amount.value_or(amount)), "amount",
                "is {}, but the pattern {} makes {}; leave it out", o.amount.value_or(amount),
                o.pattern, amount);
  for (const auto& [layer, own] : o.layers) {
    require_field(own == 0 || fits(own), "layers",
                  "asks for {} of '{}', but the pattern {} makes {}; give 0 to leave it alone", own,
                  layer, o.pattern, amount);
  }
  require_field(o.scope == PruneScope::kLayer || is_fixed || amount <= o.most_of_layer,
                "most_of_layer", "is {}, less than the amount {} that all layers are to lose",
                o.most_of_layer, amount);
}

MagnitudePruner::MagnitudePruner(graph::Model model, const MagnitudeOptions& options,
                                 PruneStatistics statistics)
    : Pruner(std::move(model)), options_(options), statistics_(std::move(statistics)) {
  validate(options_);
  check_layers(model_, options_);
}

void MagnitudePruner::prune() {
  const PrunePattern pattern = pattern_from_text(options_.pattern);
  const double amount = amount_of(options_);
  std::vector<Candidate> candidates = candidates_of(model_, options_, statistics_);
  for (auto& [name, pool] : pools_of(candidates, options_, amount)) {
    if (pattern.kind == PrunePattern::Kind::kNOfM) {
      for (Candidate* candidate : pool.candidates) keep_n_of_m(*candidate, pattern);
      continue;
    }
    std::int64_t elements = 0;
    for (const Candidate* candidate : pool.candidates) elements += candidate->elements();
    const bool is_shared = options_.scope == PruneScope::kGlobal && pool.candidates.size() > 1;
    drop_lowest(pool.candidates, pattern.kind,
                std::llround(pool.amount * static_cast<double>(elements)),
                is_shared ? std::max(options_.most_of_layer, pool.amount) : 1);
  }
  const Sparsity before = compute_sparsity();
  TensorMap masks;
  for (Candidate& candidate : candidates)
    masks.insert_or_assign(candidate.weight.name, std::move(candidate.is_kept));
  apply_masks(model_, masks);
  require_field(compute_sparsity().zeros > before.zeros, "amount",
                "is {}, but {:.4g} % of the model's weights are zero already; nothing is left to "
                "take away",
                amount, 100 * before.overall);
  masks_ = std::move(masks);
}

}  // namespace nest::compress
