#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nest/core/dtype.h"
#include "nest/core/enum.h"

/// The node kinds. Each struct is the attributes of one kind; its comment fixes the contract that
/// every executor implements: inputs -> outputs, weights in order, formula.
///
/// Axes: B batch, T time (samples or frames), C channels, D features, H heads, V vocabulary.
/// An input written `x?` may be absent (kNoValue in Node::inputs); outputs are always present.
namespace nest::graph {

enum class Activation : std::uint8_t {
  kElu,   ///< x > 0 ? x : exp(x) - 1
  kRelu,  ///< max(x, 0)
  kGelu,  ///< x * Phi(x), exact (erf)
  kSilu,  ///< x * sigmoid(x)
  kTanh,
  kSigmoid,
  kSquare,  ///< x^2
  kLog,     ///< log(max(x, 1e-6))
};

/// x [B, Cin, T] or [B, Cin, S, T] -> y. Cross-correlation with zero padding, as torch.nn.ConvNd.
/// Weights: weight [Cout, Cin/groups, (kernel_s,) kernel_t], bias [Cout] if has_bias.
/// Rank 3 input has kernel_s = 1. The S axis (electrodes) is never padded, strided or dilated.
struct Conv {
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t kernel_s = 1;
  std::int64_t kernel_t = 1;
  std::int64_t stride_t = 1;
  std::int64_t dilation_t = 1;
  std::int64_t pad_left = 0;   ///< zeros before the first sample
  std::int64_t pad_right = 0;  ///< zeros after the last; 0 with full left padding is causal
  std::int64_t groups = 1;
  bool has_bias = true;
  bool is_2d = false;  ///< weight rank 4, input rank 4
};

/// x [B, C, ...] -> y. Eval: (x - running_mean) / sqrt(running_var + eps) * weight + bias.
/// Train: batch statistics, running ones updated with `momentum` (unbiased variance), as torch.
/// Weights: weight, bias, running_mean, running_var [C], num_batches_tracked [].
struct BatchNorm {
  std::int64_t channels = 0;
  double eps = 1e-5;
  double momentum = 0.1;
};

/// x [..., T] -> y [..., (T - kernel) / stride + 1]; the rest that fills no window is dropped.
struct Pool {
  enum class Kind : std::uint8_t { kMean, kMax };
  Kind kind = Kind::kMean;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
};

/// x -> y, element by element.
struct Activate {
  Activation function = Activation::kRelu;
};

/// x -> y: a * sigmoid(b) where a, b are the halves along `axis` (Dauphin et al. 2017).
struct Glu {
  int axis = -1;
};

/// x -> x in eval; inverted dropout with probability p in train.
struct Dropout {
  double p = 0;
};

/// x [..., in] -> y [..., out] = x W^T + b. Weights: weight [out, in], bias [out] if has_bias.
/// A weight reference may select a row range (packed projections such as in_proj_weight).
struct Linear {
  std::int64_t in_features = 0;
  std::int64_t out_features = 0;
  bool has_bias = true;
};

/// x [B, T, in], h0? [L*dirs, B, hidden], c0? -> y [B, T, hidden*dirs], h_n, c_n [L*dirs, B,
/// hidden]. Gate order i, f, g, o. Weights as torch.nn.LSTM, layer by layer, direction by
/// direction: weight_ih, weight_hh, bias_ih, bias_hh. `dropout` acts between layers in train.
struct Lstm {
  std::int64_t input_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t num_layers = 1;
  bool bidirectional = false;
  double dropout = 0;
};

/// x [B, T, in], h0? -> y [B, T, hidden*dirs], h_n. Gate order r, z, n;
/// n = tanh(W_in x + b_in + r * (W_hn h + b_hn)), as torch.nn.GRU.
struct Gru {
  std::int64_t input_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t num_layers = 1;
  bool bidirectional = false;
  double dropout = 0;
};

/// Attention on projected inputs; the projections are Linear nodes around it.
/// q [B, Q, D], k [B, K, D], v [B, K, D], attend? bool [B, Q, K] (true = attend),
/// padded? bool [B, K] (true = ignore this key), position? int64 [] -> context [B, Q, D],
/// weights [B, H, Q, K].
///
/// kSoftmax: softmax(q k^T / sqrt(D/H)) v (Vaswani et al. 2017).
/// kRelative: adds q · relative_k[clip(j - i)] to the scores before scaling and weights ·
///   relative_v[clip(j - i)] to the context (Shaw et al. 2018). Weights: relative_k, relative_v
///   [2 * max_distance + 1, D/H].
/// kLinear: phi(q) (phi(k)^T v) / (phi(q) · sum_k phi(k) + 1e-6), phi = elu + 1
///   (Katharopoulos et al. 2020); the weights output has shape [B, 0, Q, K].
/// Position i may look at j with i - left <= j <= i + right (-1: no limit); with chunk > 0 instead
/// at all of its own chunk and of `left_chunks` earlier ones (-1: all).
/// Query i and key i share a position. With `position` p, query i is position p + i and the keys
/// end with the queries': key j is position p + j - (K - Q), those below 0 are ignored.
/// A query with nothing to attend to gets a zero context.
struct Attention {
  enum class Kind : std::uint8_t { kSoftmax, kRelative, kLinear };
  Kind kind = Kind::kSoftmax;
  std::int64_t embed_dim = 0;
  std::int64_t num_heads = 1;
  std::int64_t left = -1;
  std::int64_t right = -1;
  std::int64_t chunk = 0;
  std::int64_t left_chunks = -1;
  std::int64_t max_distance = 0;
  double dropout = 0;
};

/// q [B, Q, H], k [B, K, H] (both projected), v [B, K, Dv], location? [B, Q, K, H],
/// attend? bool [B, Q, K] -> context [B, Q, Dv], weights [B, Q, K].
/// weights = softmax_k(energy · tanh(q + k + location)). Weights: energy [1, H].
/// Bahdanau et al. 2015; with location features: Chorowski et al. 2015.
struct AdditiveAttention {
  std::int64_t hidden = 0;
};

/// previous [B, Q, K] -> features [B, Q, K, F]: a 1-D convolution over K, padding (kernel-1)/2,
/// with F filters. Weights: weight [F, 1, kernel], bias [F].
struct LocationFeatures {
  std::int64_t filters = 0;
  std::int64_t kernel = 1;
};

/// x [..., D] -> y. Weights: weight, bias [D].
struct LayerNorm {
  std::int64_t features = 0;
  double eps = 1e-5;
};

/// tokens int64 [B, U] -> [B, U, D]. Weights: weight [vocab, D]. Token out of range is an error.
struct Embedding {
  std::int64_t vocab_size = 0;
  std::int64_t features = 0;
};

/// position int64 [], x -> position + the length of x along `axis`: how far a stream has come.
struct CountFrames {
  int axis = 0;
};

/// x [B, T, D], offset? int64 [] -> x + table[offset + t]. Weights: table [1, max_len, D].
struct PositionalEncoding {
  std::int64_t max_len = 0;
  std::int64_t features = 0;
};

/// a, b -> a + b with NumPy broadcasting.
struct Add {};
/// a, b -> a * b with NumPy broadcasting.
struct Mul {};
/// x -> factor * x.
struct Scale {
  double factor = 1;
};
/// a, b, ... -> concatenation along `axis`.
struct Concat {
  int axis = -1;
};
/// x -> transposition: output axis i is input axis order[i].
struct Permute {
  std::vector<int> order;
};
/// x -> one axis of length 1 inserted before `axis` (of the result).
struct Unsqueeze {
  int axis = 0;
};
/// x -> the axis (of length 1) removed.
struct Squeeze {
  int axis = 0;
};
/// x -> x[begin:end] along `axis`; negative begin/end count from the end, end 0 means "to the end".
struct Slice {
  int axis = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};
/// x -> log softmax along the last axis.
struct LogSoftmax {};
/// x -> softmax along the last axis.
struct Softmax {};

using Op = std::variant<Conv, BatchNorm, Pool, Activate, Glu, Dropout, Linear, Lstm, Gru, Attention,
                        AdditiveAttention, LocationFeatures, LayerNorm, Embedding, CountFrames,
                        PositionalEncoding, Add, Mul, Scale, Concat, Permute, Unsqueeze, Squeeze,
                        Slice, LogSoftmax, Softmax>;

/// "conv", "batch_norm", "additive_attention": the name used in dumps, profiles and errors.
std::string_view kind_name(const Op& op);
/// "in=8 out=16 kernel=1x250 ..." : the attributes that differ from a plain default.
std::string attributes_text(const Op& op);
EnumTable enum_table(Activation of);
EnumTable enum_table(Pool::Kind of);
EnumTable enum_table(Attention::Kind of);

}  // namespace nest::graph
