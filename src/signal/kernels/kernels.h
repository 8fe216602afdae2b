#pragma once

#include <cstddef>
#include <cstdint>

#include "nest/core/isa.h"
#include "nest/signal/sos.h"

namespace nest::signal {

/// Channels are handled in groups of eight lanes; a block holds `rows` samples of each group:
/// double block[groups][rows][kGroup], 64-byte aligned. Unused lanes of the last group are zero.
inline constexpr int kGroup = 8;

/// Where a block lies: doubles from one group to the next.
struct BlockView {
  double* data;
  std::ptrdiff_t group_stride;
  int groups;
  int samples;
};

/// One table an instruction set. Every function does the same IEEE operations in the same order on
/// each lane, without fused multiply-add, so that all tables give the same bits.
struct Kernels {
  Isa isa;
  // One group: rows `in + lane * stride` for lane < lanes (1..8) to and from [samples][8].
  void (*load_f32)(const float* in, std::ptrdiff_t stride, int lanes, int samples, double* out);
  void (*load_f64)(const double* in, std::ptrdiff_t stride, int lanes, int samples, double* out);
  void (*store_f32)(const double* in, int lanes, int samples, float* out, std::ptrdiff_t stride);
  void (*store_f64)(const double* in, int lanes, int samples, double* out, std::ptrdiff_t stride);
  /// In place. state[groups][sections][2][kGroup].
  void (*sos)(const SosSection* sections, int count, double* state, BlockView block);
  /// mean[t] = inverse_count * sum over channels of weight * x; weights [groups][kGroup].
  void (*mean)(BlockView block, const double* weights, double inverse_count, double* mean);
  /// x = keep * x + add * mean[t]; keep and add [groups][kGroup].
  void (*blend)(BlockView block, const double* keep, const double* add, const double* mean);
  /// True if no value is NaN or infinite.
  bool (*all_finite)(BlockView block);
  /// x = (x - offset) * scale; offset and scale [groups][kGroup].
  void (*affine)(BlockView block, const double* offset, const double* scale);
  /// Exponentially weighted mean and variance [groups][kGroup], updated by sample t with weight
  /// alpha[t]; x = (x - mean) / max(sqrt(variance), floor).
  void (*running)(BlockView block, const double* alpha, double* mean, double* variance,
                  double floor);
  /// out[group][lane] = sum over k < count of taps[k] * in[group][-k][lane], k ascending; `in`
  /// points at the newest row.
  void (*fir)(const double* taps, int count, const double* in, std::ptrdiff_t in_group_stride,
              int groups, double* out, std::ptrdiff_t out_group_stride);
};

const Kernels& kernels_for(Isa isa);
/// Those of isa_selected().
const Kernels& kernels();

/// Zeroes subnormal results while alive: a channel that went dead must not slow the filter down
/// when its state decays (multiplication of subnormals takes a microcode assist on many
/// processors).
class FlushSubnormals {
 public:
  FlushSubnormals() noexcept;
  ~FlushSubnormals();
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
  std::uint64_t saved_;
};

}  // namespace nest::signal
