#include "runtime/steps/conv.h"

#include <algorithm>
#include <cstring>

#include "nest/core/error.h"
#include "nest/graph/codes.h"

/// Channel-major convolutions [B, C, S, T]; the columns of the product are output samples.
namespace nest::runtime {

/// Copies rows of `time` samples into rows of `padded` with zeros around.
void pad_rows(const float* x, std::int64_t rows, std::int64_t time, std::int64_t left,
              std::int64_t padded, float* out) {
  for (std::int64_t r = 0; r < rows; ++r, x += time, out += padded) {
    std::memset(out, 0, static_cast<std::size_t>(left) * sizeof(float));
    std::memcpy(out + left, x, static_cast<std::size_t>(time) * sizeof(float));
    std::memset(out + left + time, 0,
                static_cast<std::size_t>(padded - left - time) * sizeof(float));
  }
}

std::vector<std::int64_t> ConvStep::tap_offsets(std::int64_t channels) const {
  std::vector<std::int64_t> offsets;
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t s = 0; s < op.kernel_s; ++s)
      for (std::int64_t k = 0; k < op.kernel_t; ++k) {
        const std::int64_t t = k * op.dilation_t;
        offsets.push_back((c * in[2] + s) * padded_time + t % op.stride_t * phase_time() +
                          t / op.stride_t);
      }
  return offsets;
}

void ConvStep::run(const Frame& f) const noexcept {
  pad(f);
  constexpr std::int64_t kStripSamples = 2 * kPanel, kLeastChannels = 16;
  const std::int64_t planes = in[0] * op.groups * out[2];
  const std::int64_t strips =
      parts > 1 ? (out[3] + kStripSamples - 1) / kStripSamples : std::int64_t{1};
  const std::int64_t shares = planes * strips >= parts
                                  ? std::int64_t{1}
                                  : std::clamp<std::int64_t>(each_out() / kLeastChannels, 1, parts);
  f.pool->run(static_cast<int>(planes * strips * shares), [&](int task) {
    const std::int64_t share = task % shares, strip = task / shares % strips;
    const std::int64_t plane = task / shares / strips;
    const std::int64_t channel = each_out() * share / shares;
    Part part;
    part.row = plane % out[2];
    part.group = plane / out[2] % op.groups;
    part.item = plane / out[2] / op.groups;
    part.begin = strip * kStripSamples;
    part.end = strip + 1 == strips ? out[3] : part.begin + kStripSamples;
    part.first = part.group * each_out() + channel;
    part.channels = each_out() * (share + 1) / shares - channel;
    const std::int64_t line = (part.item * op.out_channels + part.first) * out[2] + part.row;
    product(f, part, f.at(y) + line * out[3] + part.begin, out[2] * out[3]);
  });
}

namespace {

class FloatConvStep : public ConvStep {
 public:
  const float* weight = nullptr;
  std::vector<std::int64_t> offsets;  ///< of one group
  ActivationScale activation;

 protected:
  void pad(const Frame& f) const noexcept override {
    const std::int64_t rows = in[0] * in[1] * in[2];
    activation.show(f.at(x), rows, in[3], in[3]);
    if (padded == kNoSlot) return;
    if (op.stride_t == 1) {
      pad_rows(f.at(x), rows, in[3], op.pad_left, padded_time, f.at(padded));
      return;
    }
    for (std::int64_t r = 0; r < rows; ++r) {
      pad_rows(f.at(x) + r * in[3], 1, in[3], op.pad_left, padded_time, f.at(row));
      f.kernels->transpose(f.at(row), op.stride_t, phase_time(), op.stride_t,
                           f.at(padded) + r * padded_time, phase_time());
    }
  }
  void product(const Frame& f, const Part& p, float* c, std::int64_t ldc) const noexcept override {
    const float* source = f.at(padded != kNoSlot ? padded : x);
    const std::int64_t channel = p.item * op.in_channels + p.group * each_in();
    GemmArgs g;
    g.m = static_cast<int>(p.channels);
    g.n = static_cast<int>(p.end - p.begin);
    g.k = static_cast<int>(offsets.size());
    g.a = weight + p.first * g.k;
    g.lda = g.k;
    const std::int64_t at = (channel * in[2] + p.row) * padded_time + p.begin;
    g.b = source + at;
    g.b_size = in[0] * in[1] * in[2] * padded_time + (op.stride_t > 1 ? kReadBehind : 0) - at;
    g.offsets = offsets.data();
    g.c = c;
    g.ldc = ldc;
    g.epilogue.row_bias = bias == nullptr ? nullptr : bias + p.first;
    g.epilogue.act = act;
    f.kernels->conv(g);
  }
};

/// Rank 3 as rank 4 with one electrode.
Shape with_electrodes(Shape shape) {
  if (shape.size() == 3) shape.insert(shape.begin() + 2, 1);
  return shape;
}

bool is_depthwise(const graph::Conv& op, const Shape& in) {
  return op.groups == op.in_channels && op.out_channels == op.in_channels && op.kernel_s == 1 &&
         in[2] == 1 && op.stride_t == 1 && op.dilation_t == 1 && op.kernel_t >= 4;
}

/// What both precisions have in common.
void describe(Binder& binder, const LoweredNode& node, ConvStep& step) {
  step.op = std::get<graph::Conv>(node.op);
  step.in = with_electrodes(binder.shape(node.inputs[0]));
  step.out = with_electrodes(binder.shape(node.outputs[0]));
  if (step.op.has_bias) step.bias = binder.floats(node, 1, "bias");
  step.act = epilogue_act(node);
  step.parts = binder.threads();
  const std::int64_t padded = step.in[3] + step.op.pad_left + step.op.pad_right;
  step.padded_time = (padded + step.op.stride_t - 1) / step.op.stride_t * step.op.stride_t;
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  step.executed_macs = static_cast<double>(numel(step.out)) *
                       static_cast<double>(step.each_in() * step.op.kernel_s * step.op.kernel_t);
}

}  // namespace

void emit_conv(Binder& binder, const LoweredNode& node) {
  if (is_depthwise(std::get<graph::Conv>(node.op), with_electrodes(binder.shape(node.inputs[0])))) {
    emit_depthwise_fir(binder, node);
    return;
  }
  FloatConvStep step;
  describe(binder, node, step);
  step.activation = binder.activation(node.name);
  if (graph::is_integer(
          graph::conv_quantization(step.op, node.quantization, step.activation.fixed).precision)) {
    emit_conv_int8(binder, node, step, step.activation);
    return;
  }
  const graph::Conv& op = step.op;
  step.weight = binder.floats(node, 0, "weight");
  step.offsets = step.tap_offsets(step.each_in());
  const bool has_phases = op.stride_t > 1;
  if (has_phases || op.pad_left + op.pad_right > 0)
    step.padded = binder.scratch(
        (step.in[0] * step.in[1] * step.in[2] * step.padded_time + (has_phases ? kReadBehind : 0)) *
        4);
  if (has_phases) step.row = binder.scratch(step.padded_time * 4);
  step.weight_bytes = static_cast<double>(numel(node.weights[0].shape)) * 4;
  const auto detail =
      fmt::format("conv fp32 {} to {} channels, {} taps, {}x{} samples", op.in_channels,
                  op.out_channels, op.kernel_s * op.kernel_t, step.out[2], step.out[3]);
  std::vector<Slot> reads{step.x}, writes{step.y, step.padded, step.row};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
