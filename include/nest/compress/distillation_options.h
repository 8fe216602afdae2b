#pragma once

#include <optional>
#include <string>

#include "nest/core/options_fwd.h"

namespace nest::compress {

/// Training a model also on what another one, its teacher, says about the same signals:
///
///   loss = (1 - a) * loss of the targets + a * T^2 * KL(teacher || model), both at temperature T
///
/// Source: Hinton et al. 2015
struct DistillationOptions {
  std::string teacher = {};  ///< model file; empty: the model as it came, where there is one
  std::optional<double> weight = {};  ///< a; unset: 0.5 with a teacher, else 0
  double temperature = 1;             ///< T: above 1 says more about what is unlikely

  double weight_or_default() const { return weight.value_or(teacher.empty() ? 0 : 0.5); }
  bool is_on() const { return weight_or_default() > 0; }
};
void visit_fields(FieldVisitor& visitor, DistillationOptions& options);

}  // namespace nest::compress
