#pragma once

#include <vector>

#include "runtime/binder.h"

namespace nest::runtime {

/// Samples (in bytes: quads) behind the last one of a padded row that a kernel may read. Offsets of
/// phases do not ascend, so every row must be readable in whole vectors.
inline constexpr std::int64_t kReadBehind = 16;

/// A channel-major convolution [B, C, S, T] -> [B, O, S', T'] over a padded copy of its input. The
/// copy of a stride holds every row by phases, samples 0, stride, 2 stride ... first, then 1, 1 +
/// stride ...: what one tap reads for neighbouring outputs lies side by side, as at stride 1. One
/// task for each item, group, row and, on several threads, strip of samples and, if those are few,
/// share of the output channels.
class ConvStep : public Step {
 public:
  graph::Conv op;
  Shape in, out;  ///< [B, C, S, T]
  Act act = Act::kNone;
  const float* bias = nullptr;
  std::int64_t padded_time = 0;  ///< samples of a padded row, whole strides
  Slot x = kNoSlot, y = kNoSlot, padded = kNoSlot;
  Slot row = kNoSlot;  ///< one padded row before it is put in phases; at stride 1 none
  int parts = 1;

  std::int64_t each_in() const { return op.in_channels / op.groups; }
  std::int64_t each_out() const { return op.out_channels / op.groups; }
  std::int64_t phase_time() const { return padded_time / op.stride_t; }
  /// Of one group, where output 0 finds its factor of every weight [channels, kernel_s, kernel_t],
  /// with `channels` rows of [S, padded_time].
  std::vector<std::int64_t> tap_offsets(std::int64_t channels) const;

  void run(const Frame& frame) const noexcept override;

 protected:
  struct Part {
    std::int64_t item, group, row;
    std::int64_t begin, end;       ///< samples
    std::int64_t first, channels;  ///< outputs, the first one counted over all groups
  };
  /// Makes the padded copy.
  virtual void pad(const Frame& frame) const noexcept = 0;
  /// One part, to `c` with channels `ldc` apart.
  virtual void product(const Frame& frame, const Part& part, float* c,
                       std::int64_t ldc) const noexcept = 0;
};

/// Copies rows of `time` samples into rows of `padded` with zeros around.
void pad_rows(const float* x, std::int64_t rows, std::int64_t time, std::int64_t left,
              std::int64_t padded, float* out);

/// 8-bit weights and activations of one fixed scale; `step` has all fields of the base but
/// `padded`.
void emit_conv_int8(Binder& binder, const LoweredNode& node, const ConvStep& step,
                    const ActivationScale& activation);
/// One filter a channel over time. Errors: none that emit_conv does not have.
void emit_depthwise_fir(Binder& binder, const LoweredNode& node);

}  // namespace nest::runtime
