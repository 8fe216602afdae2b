#include "nest/compress/sensitivity_pruner.h"

#include <algorithm>
#include <cmath>

#include "nest/compress/pattern.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/options.h"

namespace nest::compress {
namespace {

constexpr double kLeastRise = 1e-3;  // of the largest
constexpr int kHalvings = 200;       // of the interval around lambda: far below one element

/// A weight that shares the amount.
struct Share {
  std::string name;
  double elements = 0;
  double rise = 0;
  double least = 0;  ///< zero already

  double amount(double lambda, double most) const {
    const double kept = std::sqrt(rise / (lambda * elements));
    return std::clamp(1 - kept, least, std::max(least, most));
  }
};

bool has_own_amount(const MagnitudeOptions& options, const PrunableWeight& weight) {
  return std::ranges::any_of(options.layers,
                             [&](const auto& entry) { return weight.is_of(entry.first); });
}

/// Zeros of all shares together.
double zeros_at(const std::vector<Share>& shares, double lambda, double most) {
  double zeros = 0;
  for (const Share& share : shares) zeros += share.elements * share.amount(lambda, most);
  return zeros;
}

double checked(double error) {
  require(std::isfinite(error), ErrorCode::kInvalidArgument,
          "the validation gives {} as the model's error; sensitivities need numbers", error);
  return error;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, SensitivityOptions& o) {
  visitor.part("", o.magnitude);
  visitor.field("probe_amount", o.probe_amount, "part of a layer that goes while it is measured",
                above(0).below(1));
}

void validate(const SensitivityOptions& o) {
  check_fields(o);
  validate(o.magnitude);
  require_field(pattern_from_text(o.magnitude.pattern).kind != PrunePattern::Kind::kNOfM, "pattern",
                "is {}, which gives every layer the same amount; prune by magnitude",
                o.magnitude.pattern);
}

SensitivityPruner::SensitivityPruner(graph::Model model, const SensitivityOptions& options,
                                     PruneStatistics statistics)
    : Pruner(std::move(model)), options_(options), statistics_(std::move(statistics)) {
  validate(options_);
  (void)MagnitudePruner(model_, options_.magnitude);
}

Sensitivities SensitivityPruner::compute_sensitivity(const ValidateFn& validate,
                                                     double probe_amount) {
  require_field(probe_amount > 0 && probe_amount < 1, "probe_amount",
                "is {}; it must be above 0 and below 1", probe_amount);
  const double before = checked(validate(model_));
  const Sparsity sparsity = compute_sparsity();
  measured_.clear();
  for (const PrunableWeight& weight : prunable_weights(model_)) {
    if (has_own_amount(options_.magnitude, weight)) continue;
    measured_[weight.name] = 0;
    if (sparsity.weights.at(weight.name) >= probe_amount || numel(weight.shape) < 2) continue;
    MagnitudeOptions probe = options_.magnitude;
    probe.scope = PruneScope::kLayer;
    probe.amount = probe_amount;
    probe.layers.clear();
    for (const PrunableWeight& other : prunable_weights(model_))
      probe.layers[other.name] = other.name == weight.name ? probe_amount : 0;
    MagnitudePruner pruner(model_, probe, statistics_);
    pruner.prune();
    measured_[weight.name] = checked(validate(pruner.model())) - before;
  }
  return measured_;
}

std::map<std::string, double> SensitivityPruner::allocate(
    const Sensitivities& sensitivities) const {
  const Sparsity sparsity = compute_sparsity();
  std::vector<Share> shares;
  double elements = 0, largest = 0;
  for (const PrunableWeight& weight : prunable_weights(model_)) {
    if (has_own_amount(options_.magnitude, weight)) continue;
    const auto rise = sensitivities.find(weight.name);
    require(rise != sensitivities.end(), ErrorCode::kNotFound,
            "there is no sensitivity of weight '{}'; compute_sensitivity() measures all",
            weight.name);
    shares.push_back({weight.name, static_cast<double>(numel(weight.shape)), checked(rise->second),
                      sparsity.weights.at(weight.name)});
    elements += shares.back().elements;
    largest = std::max(largest, rise->second);
  }
  // Per element, so that where nothing hurts all lose the same part.
  for (Share& share : shares) {
    share.rise = largest > 0 ? std::max(share.rise / largest, kLeastRise) : share.elements;
  }
  const double wanted = amount_of(options_.magnitude) * elements;
  const double most = std::max(options_.magnitude.most_of_layer, amount_of(options_.magnitude));
  double low = 1e-30, high = 1e30;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = std::sqrt(low * high);
    (zeros_at(shares, middle, most) < wanted ? low : high) = middle;
  }
  std::map<std::string, double> amounts;
  for (const Share& share : shares) amounts[share.name] = share.amount(high, most);
  return amounts;
}

void SensitivityPruner::prune() {
  require(!measured_.empty(), ErrorCode::kInvalidArgument,
          "no sensitivities are known; call compute_sensitivity() first");
  prune(measured_);
}

void SensitivityPruner::prune(const Sensitivities& sensitivities) {
  MagnitudeOptions options = options_.magnitude;
  for (const auto& [name, amount] : allocate(sensitivities)) options.layers[name] = amount;
  MagnitudePruner pruner(model_, options, statistics_);
  pruner.prune();
  model_ = pruner.model();
  masks_ = pruner.masks();
}

}  // namespace nest::compress
