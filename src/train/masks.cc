#include "nest/train/masks.h"

#include <torch/torch.h>

#include "nest/nn/tensor.h"

namespace nest::train {

void keep_masks(TrainData& data, const TensorMap& masks) {
  nn::NamedTensors kept;
  for (const auto& [name, mask] : masks) kept.emplace(name, nn::to_torch(mask));
  data.weight_hook = [kept](std::string_view name, const torch::Tensor& weight) {
    const auto mask = kept.find(name);
    return mask == kept.end() ? weight : weight * mask->second.to(weight.device());
  };
  data.after_step = [kept](nn::ParameterStore& parameters) {
    for (const auto& [name, mask] : kept) {
      torch::Tensor weight = parameters.at(name);
      weight.mul_(mask.to(weight.device()));
    }
  };
}

}  // namespace nest::train
