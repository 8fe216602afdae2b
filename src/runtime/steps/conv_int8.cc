#include <algorithm>
#include <cstring>

#include "nest/graph/codes.h"
#include "runtime/pack.h"
#include "runtime/steps/conv.h"

/// Integer convolutions: four input channels of one sample are one quad of bytes, so a product of
/// quads sums over channels; the padded copy of the input is made of such quads.
namespace nest::runtime {
namespace {

constexpr std::int64_t kQuad = 4;

std::int64_t quads(std::int64_t channels) {
  return (channels + kQuad - 1) / kQuad;
}

/// Weights of all output channels: codes [O, quads, kernel_s, kernel_t, 4], scales, sums.
struct Packed {
  const std::int8_t* codes = nullptr;
  const float* scale = nullptr;       ///< of the weights times that of the activations
  const std::int32_t* sum = nullptr;  ///< 128 * sum of the codes
  std::size_t bytes = 0;
};

class QuantConvStep : public ConvStep {
 public:
  explicit QuantConvStep(const ConvStep& base) : ConvStep(base) {}

  Packed weight;
  float scale = 1;                    ///< of the activations
  std::vector<std::int64_t> offsets;  ///< of one group, in quads

 protected:
  void pad(const Frame& f) const noexcept override {
    auto* to = f.at<std::uint8_t>(padded);
    const std::int64_t left = op.pad_left * kQuad, middle = in[3] * kQuad;
    const std::int64_t bytes = padded_time * kQuad;
    for (std::int64_t group = 0; group < in[0] * op.groups; ++group) {
      for (std::int64_t c = 0; c < each_in(); c += kQuad) {
        const float* from = f.at(x) + (group * each_in() + c) * in[2] * in[3];
        const auto there = static_cast<int>(std::min(kQuad, each_in() - c));
        for (std::int64_t s = 0; s < in[2]; ++s, to += bytes) {
          auto* line = op.stride_t == 1 ? to : f.at<std::uint8_t>(row);
          std::memset(line, 128, static_cast<std::size_t>(left));
          f.kernels->quantize_quads(from + s * in[3], in[2] * in[3], there, in[3], scale,
                                    line + left);
          std::memset(line + left + middle, 128, static_cast<std::size_t>(bytes - left - middle));
          if (op.stride_t > 1) put_in_phases(line, to);
        }
      }
    }
  }
  void put_in_phases(const std::uint8_t* from, std::uint8_t* to) const noexcept {
    for (std::int64_t phase = 0; phase < op.stride_t; ++phase)
      for (std::int64_t t = phase; t < padded_time; t += op.stride_t, to += kQuad)
        std::memcpy(to, from + t * kQuad, kQuad);
  }
  void product(const Frame& f, const Part& p, float* c, std::int64_t ldc) const noexcept override {
    const std::int64_t rows = (p.item * op.groups + p.group) * quads(each_in()) * in[2] + p.row;
    QuantConvArgs g;
    g.m = static_cast<int>(p.channels);
    g.n = static_cast<int>(p.end - p.begin);
    g.k = static_cast<int>(offsets.size());
    g.a = weight.codes + p.first * g.k * kQuad;
    g.b = f.at<std::uint8_t>(padded) + (rows * padded_time + p.begin) * kQuad;
    g.offsets = offsets.data();
    g.scale = weight.scale + p.first;
    g.sum = weight.sum + p.first;
    g.c = c;
    g.ldc = ldc;
    g.epilogue.row_bias = bias == nullptr ? nullptr : bias + p.first;
    g.epilogue.act = act;
    f.kernels->conv_s8(g);
  }
};

/// One symmetric scale an output channel or a tensor, max|w| / 127, as for matrices. Filters of 4
/// bits come as what their codes stand for, so 8-bit codes are made of 4-bit ones here.
void pack(const graph::Conv& op, const std::vector<float>& w, const graph::LayerQuantization& how,
          float activation_scale, std::int8_t* codes, float* scale, std::int32_t* sum) {
  const bool is_shared = how.granularity == Granularity::kPerTensor;
  const float shared =
      is_shared ? graph::max_abs(w.data(), static_cast<std::int64_t>(w.size())) : 0;
  const std::int64_t channels = op.in_channels / op.groups, taps = op.kernel_s * op.kernel_t;
  for (std::int64_t o = 0; o < op.out_channels; ++o) {
    const float* filter = w.data() + o * channels * taps;
    const float step =
        (is_shared ? shared : graph::max_abs(filter, channels * taps)) / graph::kLargestCode;
    std::int32_t total = 0;
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t t = 0; t < taps; ++t) {
        const std::int8_t value = graph::weight_code(filter[c * taps + t], step);
        codes[((o * quads(channels) + c / kQuad) * taps + t) * kQuad + c % kQuad] = value;
        total += value;
      }
    scale[o] = step * activation_scale;
    sum[o] = 128 * total;
  }
}

Packed packed_weight(Binder& binder, const LoweredNode& node, const graph::Conv& op,
                     float activation_scale) {
  const auto out = static_cast<std::size_t>(op.out_channels);
  const auto each = static_cast<std::size_t>(quads(op.in_channels / op.groups) * op.kernel_s *
                                             op.kernel_t * kQuad);
  Packed packed;
  packed.bytes = out * each + out * 8;
  const LazyFloats values = node.weights[0].values;
  const auto make = [&](void* block) {
    auto* bytes = static_cast<std::byte*>(block);
    auto* scale = reinterpret_cast<float*>(bytes + out * each);
    pack(op, values(), node.quantization, activation_scale, reinterpret_cast<std::int8_t*>(bytes),
         scale, reinterpret_cast<std::int32_t*>(scale + out));
  };
  const auto* data = static_cast<const std::byte*>(binder.store().block(
      node.name + "/weight:quads", packed.bytes, make, node.weights[0].keep()));
  packed.codes = reinterpret_cast<const std::int8_t*>(data);
  packed.scale = reinterpret_cast<const float*>(data + out * each);
  packed.sum = reinterpret_cast<const std::int32_t*>(packed.scale + out);
  return packed;
}

}  // namespace

void emit_conv_int8(Binder& binder, const LoweredNode& node, const ConvStep& base,
                    const ActivationScale& activation) {
  QuantConvStep step(base);
  const graph::Conv& op = step.op;
  step.scale = activation.fixed;
  step.weight = packed_weight(binder, node, op, step.scale);
  step.offsets = step.tap_offsets(quads(step.each_in()));
  const std::int64_t rows = step.in[0] * op.groups * quads(step.each_in()) * step.in[2];
  step.padded = binder.scratch((rows * step.padded_time + kReadBehind) * kQuad);
  if (op.stride_t > 1) step.row = binder.scratch(step.padded_time * kQuad);
  step.weight_bytes = static_cast<double>(step.weight.bytes);
  const auto detail =
      fmt::format("conv int8 static {} to {} channels, {} taps, {}x{} samples", op.in_channels,
                  op.out_channels, op.kernel_s * op.kernel_t, step.out[2], step.out[3]);
  std::vector<Slot> reads{step.x}, writes{step.y, step.padded, step.row};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
