#include "nest/compress/magnitude_pruner.h"
#include "tests/support/options_laws.h"

namespace nest::compress {
namespace {

TEST(OptionsLaw, of_pruning_by_magnitude) {
  test::expect_options_laws(MagnitudeOptions{},
                            MagnitudeOptions{.amount = 0.3,
                                             .pattern = "block",
                                             .scope = PruneScope::kLayer,
                                             .criterion = PruneCriterion::kGradient,
                                             .layers = {{"a.b", 0.2}},
                                             .most_of_layer = 0.9});
}

}  // namespace
}  // namespace nest::compress
