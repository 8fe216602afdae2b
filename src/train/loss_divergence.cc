#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/train/loss.h"

namespace nest::train {

torch::Tensor loss_divergence(const torch::Tensor& student, const torch::Tensor& teacher,
                              const torch::Tensor& weights, double temperature) {
  require(student.sizes() == teacher.sizes() && student.dim() == weights.dim() + 1 &&
              student.sizes().slice(0, static_cast<std::size_t>(weights.dim())) == weights.sizes(),
          ErrorCode::kInvalidArgument,
          "a divergence needs scores [B, ..., V] of one shape and weights [B, ...]");
  const torch::Tensor ours = torch::log_softmax(student / temperature, -1);
  const torch::Tensor theirs = torch::log_softmax(
      teacher.detach().to(student.device(), student.scalar_type()) / temperature, -1);
  const torch::Tensor by_position = (theirs.exp() * (theirs - ours)).sum(-1);
  const torch::Tensor counted = weights.to(student.device(), student.scalar_type());
  return temperature * temperature * (by_position * counted).flatten(1).sum(1);
}

}  // namespace nest::train
