#pragma once

#include <map>
#include <string>

#include "nest/compress/callbacks.h"
#include "nest/compress/magnitude_pruner.h"

namespace nest::compress {

struct SensitivityOptions {
  MagnitudeOptions magnitude = {};  ///< `scope` is not asked: amounts are those of allocate()
  double probe_amount = 0.5;        ///< what each layer loses while it is measured
};
void visit_fields(FieldVisitor& visitor, SensitivityOptions& options);
/// Errors: FieldError; also for the pattern N:M, which leaves nothing to share out.
void validate(const SensitivityOptions& options);

/// How much the error of a model rises when one weight alone loses a part of itself, by weight.
using Sensitivities = std::map<std::string, double>;

/// Prunes each layer as much as it can bear: little where the error rises, more elsewhere, so that
/// the whole meets the amount.
class SensitivityPruner : public Pruner {
 public:
  /// Errors: those of MagnitudePruner.
  SensitivityPruner(graph::Model model, const SensitivityOptions& options,
                    PruneStatistics statistics = {});

  /// Prunes one weight after the other by `probe_amount` and validates; the model stays as it is.
  /// Weights that have as many zeros already get the rise 0. Layers with an amount of their own are
  /// not measured.
  /// Errors: InvalidArgument if `validate` gives no number.
  /// Cost: one validation a weight and one more.
  Sensitivities compute_sensitivity(const ValidateFn& validate, double probe_amount);

  /// Amounts a_l that meet the amount together at the least rise that the measured s_l predict:
  ///
  ///   min sum_l s_l a_l / (1 - a_l)   subject to   sum_l n_l a_l = amount * sum_l n_l,
  ///
  /// so 1 - a_l = sqrt(s_l / (lambda n_l)), within [0, `most_of_layer`]. Rises below a thousandth
  /// of the largest (noise, or gains) count as that. Errors: NotFound for a weight without a
  /// sensitivity.
  std::map<std::string, double> allocate(const Sensitivities& sensitivities) const;

  /// With what compute_sensitivity() measured last. Errors: InvalidArgument before it.
  void prune() override;
  void prune(const Sensitivities& sensitivities);

 private:
  SensitivityOptions options_;
  PruneStatistics statistics_;
  Sensitivities measured_;
};

}  // namespace nest::compress
