#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include "nest/core/tensor.h"

namespace nest::nn {

/// LibTorch tensors by port or weight name.
using NamedTensors = std::map<std::string, torch::Tensor, std::less<>>;

/// The weights of a model as LibTorch tensors that an optimizer can train.
///
/// Floating tensors are held in one working type (float32, or float64 for gradient checks); integer
/// ones keep theirs. Everything that is not a buffer (graph::is_buffer) and is floating is a leaf
/// that requires a gradient.
class ParameterStore {
 public:
  ParameterStore() = default;
  ParameterStore(const TensorMap& weights, torch::Device device, torch::ScalarType type);

  /// Errors: NotFound.
  const torch::Tensor& at(std::string_view name) const;
  const NamedTensors& all() const { return tensors_; }
  torch::Device device() const { return device_; }
  torch::ScalarType type() const { return type_; }

  /// Weights that are trained now, in name order.
  std::vector<std::string> trainable_names() const;
  std::vector<torch::Tensor> trainable() const;
  /// Freezes or thaws one weight. Errors: NotFound; InvalidArgument for a buffer.
  void set_trainable(std::string_view name, bool is_trained);

  /// Overwrites the values in place, so that optimizers keep their references.
  /// Errors: InvalidArgument for a tensor that is missing here or has another shape.
  void assign(const TensorMap& values);
  /// A copy of every value; floating ones as float32 unless the store holds float64.
  TensorMap to_tensors() const;

 private:
  NamedTensors tensors_;
  torch::Device device_{torch::kCPU};
  torch::ScalarType type_ = torch::kFloat32;
};

}  // namespace nest::nn
