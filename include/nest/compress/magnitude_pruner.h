#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nest/compress/criterion.h"
#include "nest/compress/pruner.h"
#include "nest/core/field.h"
#include "nest/core/options_fwd.h"

namespace nest::compress {

/// Weights over which amounts are met together.
enum class PruneScope : std::uint8_t {
  kGlobal,  ///< all together: layers with small weights lose more
  kLayer,   ///< each weight by itself
};
EnumTable enum_table(PruneScope of);  ///< "global", "layer"

struct MagnitudeOptions {
  /// Zeros among the elements of prunable weights; unset: 0.5, or what the pattern N:M makes.
  std::optional<double> amount = {};
  std::string pattern = "element";  ///< as pattern_from_text() takes it
  PruneScope scope = PruneScope::kGlobal;
  PruneCriterion criterion = PruneCriterion::kMagnitude;
  /// Amounts of their own by layer (PrunableWeight::is_of; the longest path counts); 0 leaves a
  /// layer alone. The rest meets `amount` among itself.
  StringMap<double> layers = {};
  double most_of_layer = 0.99;  ///< kGlobal: what one weight may lose at most
};
void visit_fields(FieldVisitor& visitor, MagnitudeOptions& options);
/// Errors: FieldError; with the pattern N:M also for another `amount` than it makes.
void validate(const MagnitudeOptions& options);
/// The amount that they come to, set or not. Errors: FieldError of `pattern`.
double amount_of(const MagnitudeOptions& options);

/// Zeros the elements, blocks or groups of least score (Han et al. 2015).
///
/// The scores are |w|, |w * gradient| (Molchanov et al. 2017) or |w| * activation of its input (Sun
/// et al. 2024); of a block the mean. The amount is met to the element; with blocks to half a
/// block. Zeros that are there already count. Cost: O(n log n) for n elements.
class MagnitudePruner : public Pruner {
 public:
  /// Errors: FieldError; NotFound for a layer that the model does not have (suggests the nearest)
  /// or a missing weight or statistic.
  MagnitudePruner(graph::Model model, const MagnitudeOptions& options,
                  PruneStatistics statistics = {});

  /// Errors: InvalidArgument if the model has as many zeros already.
  void prune() override;

 private:
  MagnitudeOptions options_;
  PruneStatistics statistics_;
};

}  // namespace nest::compress
