#pragma once

#include <cstdint>

/// The function table of one instruction set.
///
/// Plain C types only: the ISA files include nothing else of this project, so no inline function
/// compiled with their flags can leak into other units. All pointers are unaligned unless said.
///
/// Packed weights are the same on every ISA: panels of kPanel output columns, zero-padded:
///   f32, f16  [ceil(n/64)][k][64]
///   bf16      [ceil(n/64)][ceil(k/2)][64][2]
///   s8        [ceil(n/64)][ceil(k/4)][64][4]
///   s4        [ceil(n/64)][ceil(k/32)] of { u8 multipliers[64]; u8 nibbles[4][64][4] }: byte
///             [j][c][i] holds the code of k = 8j + i in its low half and of 8j + 4 + i in its high
///             half, as two's complement; a multiplier's byte that of k < 16 in its low half and
///             that of the others in its high half. Multiplier times code is the code of s8.
///
/// Every output element is summed in order of k whatever the tile shape, so results do not depend
/// on the number of rows or on how columns are split over threads.
namespace nest {
enum class Isa : std::uint8_t;
}
namespace nest::runtime {

inline constexpr int kPanel = 64;
inline constexpr int kS4Block = 32;
inline constexpr int kS4BlockBytes = kPanel + kPanel * kS4Block / 2;

enum class Act : std::uint8_t { kNone, kElu, kRelu, kGelu, kSilu, kTanh, kSigmoid, kSquare, kLog };

/// What happens to a sum: y = act(sum + bias) * alpha + residual.
struct Epilogue {
  const float* bias = nullptr;      ///< by column
  const float* row_bias = nullptr;  ///< by row
  Act act = Act::kNone;
  float alpha = 1;
  const float* residual = nullptr;
  std::int64_t ld_residual = 0;
};

/// c[m, n] = epilogue(sum_k a[m, k] * b[k, n]).
struct GemmArgs {
  int m = 0, n = 0, k = 0;
  const float* a = nullptr;
  std::int64_t lda = 0;
  const std::uint16_t* a_bf16 = nullptr;  ///< gemm_bf16: rows padded with zeros to even k
  const void* b = nullptr;                ///< packed; conv: plain floats
  std::int64_t ldb = kPanel;              ///< gemm_f32: distance of two k in a panel
  const std::int64_t* offsets = nullptr;  ///< conv: b row k starts at b + offsets[k]; ascending
  /// conv: floats from b on that may be read, whatever they are: rows that end well inside are read
  /// in whole vectors.
  std::int64_t b_size = 0;
  float* c = nullptr;
  std::int64_t ldc = 0;
  Epilogue epilogue;
};

/// Activations of one row as unsigned bytes (value = scale * (byte - 128)) times integer weights.
struct QuantGemmArgs {
  int m = 0, n = 0, k = 0;
  /// Rows padded with 128 to a multiple of 4, of gemm_s4 to one of 32; gemm_s8 may read them to one
  /// of 64, whatever is there.
  const std::uint8_t* a = nullptr;
  std::int64_t lda = 0;
  const float* a_scale = nullptr;       ///< [m]
  const void* b = nullptr;              ///< packed s8 or s4
  const float* b_scale = nullptr;       ///< by column, padded to whole panels
  const std::int32_t* b_sum = nullptr;  ///< 128 * column sum, padded
  float* c = nullptr;
  std::int64_t ldc = 0;
  bool is_reversed = false;  ///< walk the columns backwards (a cache keeps what came last)
  Epilogue epilogue;         ///< without a bias by row
};

/// Weights without their blocks of zeros: strips of kStrip output columns, of each the blocks of
/// kStrip columns x 4 k that are not all zero, in order of k. A block is f32 [4][kStrip] or
/// s8 [kStrip][4].
struct SparseWeights {
  const std::uint32_t* starts = nullptr;  ///< first block of each strip, and one behind the last
  const std::uint16_t* groups = nullptr;  ///< by block: its first k / 4
  const void* blocks = nullptr;
};
inline constexpr int kStrip = 16;

/// c[m, t] = epilogue(scale[m] * (sum_j a[m, j] . b[offsets[j] + t] - sum[m])), where a and b are
/// quads: four input channels of one tap, or of one sample.
struct QuantConvArgs {
  int m = 0, n = 0, k = 0;         ///< output channels, samples, quads a sum has
  const std::int8_t* a = nullptr;  ///< [m, k, 4]
  /// [.., samples, 4], bytes as in QuantGemmArgs; a whole vector (16 quads) behind the last sample
  /// may be read.
  const std::uint8_t* b = nullptr;
  const std::int64_t* offsets = nullptr;  ///< [k], in quads
  const float* scale = nullptr;           ///< [m], of the weights times that of b
  const std::int32_t* sum = nullptr;      ///< [m], 128 * sum of the weights
  float* c = nullptr;
  std::int64_t ldc = 0;
  Epilogue epilogue;
};

/// Additive attention energies: e[j] = sum_d energy[d] * tanh(q[d] + keys[j, d] (+ loc[j, d])).
struct EnergyArgs {
  int keys = 0, dim = 0;
  const float* query = nullptr;
  const float* key = nullptr;
  const float* location = nullptr;  ///< may be null
  const float* energy = nullptr;
  float* out = nullptr;
};

struct Kernels {
  void (*gemm_f32)(const GemmArgs&) = nullptr;
  void (*gemm_f16)(const GemmArgs&) = nullptr;
  /// Activations are rounded to bfloat16, products summed in float.
  void (*gemm_bf16)(const GemmArgs&) = nullptr;
  void (*gemm_s8)(const QuantGemmArgs&) = nullptr;
  /// The same, for `many_rows` or more where this machine was measured to be faster so
  /// (nest/runtime/choices.h): of another instruction set than gemm_s8; 0 if nothing is.
  void (*gemm_s8_many)(const QuantGemmArgs&) = nullptr;
  int many_rows = 0;
  /// One row by weights of 4 bits; the bits of gemm_s8.
  void (*gemm_s4)(const QuantGemmArgs&) = nullptr;
  /// A panel of s4 as one of s8: [8 * blocks][64][4].
  void (*unpack_s4)(const void* panel, int blocks, std::int8_t* out) = nullptr;
  /// The products of gemm_f32 and gemm_s8 from weights without zeros (args.b is not read); a's rows
  /// are whole groups of 4. f32: four partial sums by k % 4, added at the end.
  void (*sparse_f32)(const GemmArgs&, const SparseWeights&) = nullptr;
  void (*sparse_s8)(const QuantGemmArgs&, const SparseWeights&) = nullptr;
  /// c[m, t] = epilogue(sum_j a[m, j] * b[offsets[j] + t]); n is the number of t.
  void (*conv)(const GemmArgs&) = nullptr;
  void (*conv_s8)(const QuantConvArgs&) = nullptr;

  /// q = clamp(round_even(x * 127 / max|x|)) + 128 for one row, padded with 128 up to `padded`;
  /// returns the scale max|x| / 127 (0 for a row of zeros). `fixed_scale` > 0 replaces it.
  float (*quantize_row)(const float* x, int k, int padded, float fixed_scale,
                        std::uint8_t* q) = nullptr;
  /// q[t, i] = clamp(round_even(x[i * ldx + t] / scale)) + 128 for i < channels <= 4, else 128.
  void (*quantize_quads)(const float* x, std::int64_t ldx, int channels, std::int64_t n,
                         float scale, std::uint8_t* q) = nullptr;

  /// Round to nearest, ties to even; pads with zeros.
  void (*bf16_row)(const float* x, int k, int padded, std::uint16_t* y) = nullptr;

  void (*activate)(Act act, const float* x, float* y, std::int64_t n) = nullptr;
  void (*exp)(const float* x, float* y, std::int64_t n) = nullptr;
  void (*add)(const float* a, const float* b, float* y, std::int64_t n) = nullptr;
  void (*mul)(const float* a, const float* b, float* y, std::int64_t n) = nullptr;
  void (*scale)(const float* x, float factor, float* y, std::int64_t n) = nullptr;
  /// y += factor * x
  void (*axpy)(float factor, const float* x, float* y, std::int64_t n) = nullptr;
  /// y = a * sigmoid(b)
  void (*glu)(const float* a, const float* b, float* y, std::int64_t n) = nullptr;
  /// y[c, r] = x[r, c]; rows are ldx and ldy apart.
  void (*transpose)(const float* x, std::int64_t ldx, std::int64_t rows, std::int64_t columns,
                    float* y, std::int64_t ldy) = nullptr;
  float (*dot)(const float* a, const float* b, std::int64_t n) = nullptr;
  float (*max)(const float* x, std::int64_t n) = nullptr;
  /// y = exp(x - max x), 0 below e^-64; returns the sum. n > 0.
  float (*exp_sum)(const float* x, float* y, std::int64_t n, float* max) = nullptr;
  /// y = exp(x - max x) / sum of those, 0 as above. n > 0.
  void (*softmax)(const float* x, float* y, std::int64_t n) = nullptr;
  /// y = (x - mean) / sqrt(var + eps) * weight + bias over n features.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float eps, float* y,
                     std::int64_t n) = nullptr;
  /// n units of an LSTM: sums of the gates i, f, g, o, `gate` apart, and c -> c, h.
  void (*lstm_cell)(const float* gates, std::int64_t gate, const float* c_in, float* c_out,
                    float* h_out, std::int64_t n) = nullptr;
  /// n units of a GRU: xg = W_i x + b_i and hg = W_h h + b_h, each r, z, n, `gate` apart -> h.
  void (*gru_cell)(const float* xg, const float* hg, std::int64_t gate, const float* h_in,
                   float* h_out, std::int64_t n) = nullptr;
  /// Time-major depthwise convolution of one output row, at most kPanel channels of it:
  /// y[d] = sum_k w[k * kPanel + d] x[k * ldx + d] + b[d]; rows of w are whole panels.
  void (*depthwise_row)(const float* x, std::int64_t ldx, const float* w, const float* bias, int k,
                        float* y, std::int64_t n) = nullptr;
  void (*energies)(const EnergyArgs&) = nullptr;
};

/// The table of an available instruction set. Errors: Unsupported.
const Kernels& kernels_for(Isa isa);

/// One per ISA file; null where this build has none.
const Kernels* kernels_generic();
const Kernels* kernels_avx2();
const Kernels* kernels_avx_vnni();
const Kernels* kernels_avx512();
const Kernels* kernels_avx512_vnni();
const Kernels* kernels_avx512_bf16();
const Kernels* kernels_avx512_amx();
const Kernels* kernels_neon();
const Kernels* kernels_neon_dot();

}  // namespace nest::runtime
