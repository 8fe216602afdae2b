#pragma once

#include <cstdint>

#include <torch/types.h>

namespace nest::train {

/// Connectionist temporal classification: -log P(target | frames), one value an item.
///
/// Shapes:  log_probs [B, T, V] natural logs, frames [B], targets int64 [B, U] (anything behind an
///          item's length), target_lengths [B]; all lengths int64 on the CPU
/// Errors:  InvalidArgument if a target has a blank or does not fit its frames (T >= U + repeats);
///          use ctc_fits() to leave such items out
/// Source:  Graves et al. 2006; computed by LibTorch
torch::Tensor loss_ctc(const torch::Tensor& log_probs, const torch::Tensor& frames,
                       const torch::Tensor& targets, const torch::Tensor& target_lengths,
                       std::int64_t blank);
/// bool [B]: the target can be aligned to the frames.
torch::Tensor ctc_fits(const torch::Tensor& frames, const torch::Tensor& targets,
                       const torch::Tensor& target_lengths);

/// Transducer: -log of the sum over all alignments, one value an item.
///
/// log P = logsumexp over paths of blank and label steps through the lattice; the recursion runs in
/// float64, its gradient is the exact occupation -P(step | target), and the log-softmax before it
/// is LibTorch's.
/// Shapes:  logits [B, T, U + 1, V] unnormalised, frames [B], targets int64 [B, U],
///          target_lengths [B]; all lengths int64 on the CPU
/// Errors:  InvalidArgument for lengths that do not fit the shapes
/// Source:  Graves 2012 §2
torch::Tensor loss_rnnt(const torch::Tensor& logits, const torch::Tensor& frames,
                        const torch::Tensor& targets, const torch::Tensor& target_lengths,
                        std::int64_t blank);

/// Cross entropy with label smoothing, summed over an item's valid steps: one value an item.
///
/// (1 - s) * -log p(target) + s * mean_v -log p(v).
/// Shapes:  logits [B, U, V], targets int64 [B, U], lengths int64 [B]
torch::Tensor loss_cross_entropy(const torch::Tensor& logits, const torch::Tensor& targets,
                                 const torch::Tensor& lengths, double smoothing);

/// T^2 * KL(teacher || student) at temperature T, a weighted sum over positions: one value an item.
///
/// KL = sum_v p_v * log(p_v / q_v), p = softmax(teacher / T), q = softmax(student / T); T^2 keeps
/// the size of the gradient (Hinton et al. 2015). Nothing flows to the teacher.
/// Shapes:  student, teacher [B, ..., V] logits or log-probabilities; weights [B, ...], 0 for
///          padding
/// Errors:  InvalidArgument for other shapes
torch::Tensor loss_divergence(const torch::Tensor& student, const torch::Tensor& teacher,
                              const torch::Tensor& weights, double temperature);

}  // namespace nest::train
