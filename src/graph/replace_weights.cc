#include "nest/core/error.h"
#include "nest/graph/rewrite.h"

namespace nest::graph {

void replace_weights(Model& model, const TensorMap& weights) {
  std::vector<WeightInfo> replaced;
  std::string problems;
  for (WeightInfo& info : weight_infos(model)) {
    if (weights.contains(info.name)) replaced.push_back(std::move(info));
  }
  for (const auto& [name, tensor] : weights) {
    const bool is_known = std::any_of(replaced.begin(), replaced.end(),
                                      [&](const WeightInfo& info) { return info.name == name; });
    if (!is_known) problems += fmt::format("\n  unknown: {} {}", name, to_string(tensor.shape()));
  }
  problems += weight_problems(replaced, weights);
  require(problems.empty(), ErrorCode::kInvalidArgument, "these are no weights for model '{}':{}",
          model.name, problems);
  for (const auto& [name, tensor] : weights) model.weights.insert_or_assign(name, tensor);
}

}  // namespace nest::graph
