#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nest/compress/layers.h"
#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/graph/model.h"

namespace nest::compress {

/// Widths that a layer's weights may have, widest first.
inline constexpr std::array<int, 4> kBits{32, 16, 8, 4};

/// fp32, int8, int4; 16 bits are fp16 or bf16. Errors: InvalidArgument for another width.
graph::Precision precision_of_bits(int bits, graph::Precision sixteen = graph::Precision::kFp16);

/// What a model was measured to be.
struct ModelMeasure {
  double loss = 0;  ///< of any unit; smaller is better
  std::int64_t bytes = 0;
  double ms = 0;
};
using MeasureModel = std::function<ModelMeasure(const graph::Model& model)>;

/// What one layer alone in a width changes, the others in fp32, by width.
struct LayerSensitivity {
  std::string layer;
  std::map<int, ModelMeasure, std::greater<>> change;
};
struct Sensitivity {
  ModelMeasure floats;  ///< of the model as it is
  std::vector<LayerSensitivity> layers;
};

struct PrecisionBudget {
  enum class Of : std::uint8_t { kBytes, kMs };
  Of of = Of::kBytes;
  double most = 0;
};
double cost_of(const ModelMeasure& measure, PrecisionBudget::Of of);

/// Precisions by layer: set by hand, or assigned so that the model loses least within a budget.
///
/// State: not thread-safe.
class MixedPrecisionQuantizer {
 public:
  /// `activations`: fixed scales (PostTrainingQuantizer), without which convolutions stay fp32.
  /// Errors: InvalidArgument if the model has a quantization; for scales that do not fit it.
  explicit MixedPrecisionQuantizer(
      graph::Model model,
      std::map<std::string, graph::ActivationQuantization, std::less<>> activations = {},
      graph::Precision sixteen = graph::Precision::kFp16);

  /// Of a layer or of all layers below a path; these stay as they are in an assignment.
  /// Errors: InvalidArgument for a layer that is not there or a width that is none.
  void set_layer_precision(std::string_view layer, int bits);

  /// Every layer alone in every width that was not set by hand. Errors: those of `measure`;
  /// Interrupted.
  Sensitivity compute_sensitivity(const MeasureModel& measure, const Job& job = {}) const;

  /// Least sum of losses within the budget; losses and costs of layers are taken to add up.
  /// Returns false if it is not proven the best (assignment.h). Errors: InvalidArgument for a
  /// budget that no assignment keeps, or layers that the model does not have.
  bool auto_assign_precision(const Sensitivity& sensitivity, const PrecisionBudget& budget);

  /// What was assigned, by layer.
  const std::map<std::string, int, std::less<>>& assigned() const { return assigned_; }
  graph::Model quantize() const;

 private:
  graph::Model with(const std::map<std::string, int, std::less<>>& bits) const;

  graph::Model model_;
  graph::Precision sixteen_;
  std::vector<Layer> layers_;
  std::map<std::string, int, std::less<>> fixed_;
  std::map<std::string, int, std::less<>> assigned_;
};

}  // namespace nest::compress
