#include "nest/nn/parameters.h"

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/graph/model.h"
#include "nest/nn/tensor.h"

namespace nest::nn {

ParameterStore::ParameterStore(const TensorMap& weights, torch::Device device,
                               torch::ScalarType type)
    : device_(device), type_(type) {
  for (const auto& [name, value] : weights) {
    torch::Tensor tensor = to_torch(value);
    tensor = tensor.is_floating_point() ? tensor.to(device, type) : tensor.to(device);
    tensor.set_requires_grad(tensor.is_floating_point() && !graph::is_buffer(name));
    tensors_.emplace(name, std::move(tensor));
  }
}

const torch::Tensor& ParameterStore::at(std::string_view name) const {
  const auto it = tensors_.find(name);
  require(it != tensors_.end(), ErrorCode::kNotFound,
          "the model has no weight '{}'; load or initialise its weights first", name);
  return it->second;
}

std::vector<std::string> ParameterStore::trainable_names() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors_) {
    if (tensor.requires_grad()) names.push_back(name);
  }
  return names;
}

std::vector<torch::Tensor> ParameterStore::trainable() const {
  std::vector<torch::Tensor> list;
  for (const auto& [name, tensor] : tensors_) {
    if (tensor.requires_grad()) list.push_back(tensor);
  }
  return list;
}

void ParameterStore::set_trainable(std::string_view name, bool is_trained) {
  torch::Tensor tensor = at(name);
  require(!is_trained || (tensor.is_floating_point() && !graph::is_buffer(name)),
          ErrorCode::kInvalidArgument, "'{}' is a buffer and cannot be trained", name);
  tensor.set_requires_grad(is_trained);
}

void ParameterStore::assign(const TensorMap& values) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, value] : values) {
    torch::Tensor tensor = at(name);
    require(tensor.sizes() == torch::IntArrayRef(value.shape()), ErrorCode::kInvalidArgument,
            "weight '{}' has shape {}, not {}", name, to_string(tensor.sizes().vec()),
            to_string(value.shape()));
    tensor.copy_(to_torch(value));
  }
}

TensorMap ParameterStore::to_tensors() const {
  TensorMap values;
  for (const auto& [name, tensor] : tensors_) values.emplace(name, from_torch(tensor));
  return values;
}

}  // namespace nest::nn
