#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/train/loss.h"

namespace nest::train {

torch::Tensor ctc_fits(const torch::Tensor& frames, const torch::Tensor& targets,
                       const torch::Tensor& target_lengths) {
  torch::Tensor needed = target_lengths.clone();
  if (targets.size(1) > 1) {
    const torch::Tensor host = targets.to(torch::kCPU);
    const torch::Tensor repeats = host.slice(1, 1) == host.slice(1, 0, host.size(1) - 1);
    const torch::Tensor inside =
        torch::arange(1, host.size(1)).unsqueeze(0) < target_lengths.unsqueeze(1);
    needed = needed + repeats.logical_and(inside).sum(1);
  }
  return frames >= needed;
}

torch::Tensor loss_ctc(const torch::Tensor& log_probs, const torch::Tensor& frames,
                       const torch::Tensor& targets, const torch::Tensor& target_lengths,
                       std::int64_t blank) {
  require(ctc_fits(frames, targets, target_lengths).all().item<bool>(), ErrorCode::kInvalidArgument,
          "a target is longer than its frames can hold; drop it or use a smaller stride");
  const torch::Tensor inside =
      torch::arange(targets.size(1)).unsqueeze(0) < target_lengths.unsqueeze(1);
  const torch::Tensor host = targets.to(torch::kCPU);
  require(!(host == blank).logical_and(inside).any().item<bool>(), ErrorCode::kInvalidArgument,
          "a target holds the blank token {}", blank);
  return at::ctc_loss(log_probs.transpose(0, 1), targets, frames, target_lengths, blank,
                      at::Reduction::None, false);
}

torch::Tensor loss_cross_entropy(const torch::Tensor& logits, const torch::Tensor& targets,
                                 const torch::Tensor& lengths, double smoothing) {
  const torch::Tensor log_probs = torch::log_softmax(logits, -1);
  const torch::Tensor inside =
      (torch::arange(targets.size(1)).unsqueeze(0) < lengths.unsqueeze(1)).to(logits.device());
  const torch::Tensor index = targets.masked_fill(inside.logical_not(), 0).unsqueeze(-1);
  const torch::Tensor hit = log_probs.gather(-1, index).squeeze(-1);
  const torch::Tensor loss = -((1 - smoothing) * hit + smoothing * log_probs.mean(-1));
  return loss.masked_fill(inside.logical_not(), 0).sum(1);
}

}  // namespace nest::train
