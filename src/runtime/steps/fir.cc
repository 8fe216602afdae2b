#include <algorithm>
#include <cstring>

#include "runtime/steps/conv.h"

/// Filters that stay inside their channel: over time through band matrices, after a weighting of
/// the electrodes or without it, and depthwise over time-major frames.
namespace nest::runtime {
namespace {

/// Filters of channel c as a band matrix [kernel + 15, 16]: sixteen outputs are one row of a
/// product whose rows start 16 samples apart. All loads of filters are aligned, no output is
/// shifted.
constexpr std::int64_t kBand = 16;
LazyFloats band_matrices(const LazyFloats& taps, std::int64_t channels, std::int64_t kernel) {
  return [=] {
    const auto w = taps();
    const std::int64_t rows = kernel + kBand - 1;
    std::vector<float> bands(static_cast<std::size_t>(channels * rows * kBand), 0.0f);
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t k = 0; k < kernel; ++k)
        for (std::int64_t i = 0; i < kBand; ++i)
          bands[static_cast<std::size_t>((c * rows + k + i) * kBand + i)] =
              w[static_cast<std::size_t>(c * kernel + k)];
    return bands;
  };
}

/// One filter a channel over time, through band matrices; optionally mixes electrodes first.
class FirStep : public Step {
 public:
  std::int64_t batch = 0, electrodes = 0, channels = 0, time = 0, out_time = 0;
  std::int64_t kernel = 0, pad_left = 0, padded_time = 0;
  const float* mix = nullptr;  ///< [channels, electrodes]; null: x has the channels already
  const float* bands = nullptr;
  const float* bias = nullptr;
  Act act = Act::kNone;
  std::vector<std::int64_t> offsets;  ///< of the electrodes
  Slot x = kNoSlot, y = kNoSlot, padded = kNoSlot;
  int parts = 1;

  void run(const Frame& f) const noexcept override {
    for (std::int64_t b = 0; b < batch; ++b) {
      prepare(f, b);
      f.pool->run(static_cast<int>(channels), [&](int c) { filter(f, b, c); });
    }
  }

 private:
  /// Fills the padded rows of one item, zeros outside the signal.
  void prepare(const Frame& f, std::int64_t b) const noexcept {
    float* rows = f.at(padded);
    if (mix == nullptr) {
      pad_rows(f.at(x) + b * channels * time, channels, time, pad_left, padded_time, rows);
      return;
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      float* row = rows + c * padded_time;
      std::memset(row, 0, static_cast<std::size_t>(pad_left) * sizeof(float));
      std::memset(row + pad_left + time, 0,
                  static_cast<std::size_t>(padded_time - pad_left - time) * sizeof(float));
    }
    const std::int64_t strips = (time + kPanel * 2 - 1) / (kPanel * 2);
    f.pool->run(parts == 1 ? 1 : static_cast<int>(strips), [&](int i) {
      const std::int64_t begin = parts == 1 ? 0 : i * kPanel * 2;
      const std::int64_t end = parts == 1 || i + 1 == strips ? time : begin + kPanel * 2;
      GemmArgs g;
      g.m = static_cast<int>(channels);
      g.n = static_cast<int>(end - begin);
      g.k = static_cast<int>(electrodes);
      g.a = mix;
      g.lda = electrodes;
      g.b = f.at(x) + b * electrodes * time + begin;
      g.b_size = (batch - b) * electrodes * time - begin;
      g.offsets = offsets.data();
      g.c = rows + pad_left + begin;
      g.ldc = padded_time;
      f.kernels->conv(g);
    });
  }

  void filter(const Frame& f, std::int64_t b, std::int64_t c) const noexcept {
    const std::int64_t blocks = out_time / kBand, rest = out_time % kBand;
    float bias_row[kBand];
    for (float& v : bias_row) v = bias == nullptr ? 0.0f : bias[c];
    GemmArgs g;
    g.m = static_cast<int>(blocks);
    g.n = static_cast<int>(kBand);
    g.k = static_cast<int>(kernel + kBand - 1);
    g.a = f.at(padded) + c * padded_time;
    g.lda = kBand;
    g.b = bands + c * g.k * kBand;
    g.ldb = kBand;
    g.c = f.at(y) + (b * channels + c) * out_time;
    g.ldc = kBand;
    g.epilogue.bias = bias_row;
    g.epilogue.act = act;
    if (blocks > 0) f.kernels->gemm_f32(g);
    if (rest == 0) return;
    g.m = 1;
    g.n = static_cast<int>(rest);
    g.a += blocks * kBand;
    g.c += blocks * kBand;
    f.kernels->gemm_f32(g);
  }
};

void add_fir(Binder& binder, const LoweredNode& node, FirStep step, const LoweredWeight& taps) {
  step.bands = float_block(binder.store(), node.name + "/bands",
                           step.channels * (step.kernel + kBand - 1) * kBand,
                           band_matrices(taps.values, step.channels, step.kernel), taps.keep());
  step.act = epilogue_act(node);
  // The last row of the product reads a full band behind the last output.
  step.padded_time = (step.out_time + kBand - 1) / kBand * kBand + step.kernel + kBand;
  step.padded_time = std::max(step.padded_time, step.pad_left + step.time);
  step.padded_time = (step.padded_time + 15) / 16 * 16;
  step.padded = binder.scratch(step.channels * step.padded_time * 4);
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  step.parts = binder.threads();
  const double mixing =
      step.mix == nullptr ? 0.0 : static_cast<double>(step.electrodes * step.time);
  step.executed_macs = static_cast<double>(step.batch * step.channels) *
                       (mixing + static_cast<double>(step.kernel * step.out_time));
  const auto detail =
      step.mix == nullptr
          ? fmt::format("depthwise fp32 {} channels, {} taps, {} samples", step.channels,
                        step.kernel, step.out_time)
          : fmt::format("spatial-first fp32 {} electrodes to {}, then {} taps, {} samples",
                        step.electrodes, step.channels, step.kernel, step.out_time);
  std::vector<Slot> reads{step.x}, writes{step.y, step.padded};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace

void emit_spatial_fir(Binder& binder, const LoweredNode& node) {
  const auto& op = std::get<graph::Conv>(node.op);
  const Shape in = binder.shape(node.inputs[0]), out = binder.shape(node.outputs[0]);
  FirStep step;
  step.batch = in[0];
  step.electrodes = in[2];
  step.time = in[3];
  step.channels = out[1];
  step.out_time = out[3];
  step.kernel = op.kernel_t;
  step.pad_left = op.pad_left;
  step.mix = binder.floats(node, 0, "mix");
  step.bias = binder.floats(node, 2, "bias");
  for (std::int64_t s = 0; s < in[2]; ++s) step.offsets.push_back(s * in[3]);
  add_fir(binder, node, std::move(step), node.weights[1]);
}

void emit_depthwise_fir(Binder& binder, const LoweredNode& node) {
  const auto& op = std::get<graph::Conv>(node.op);
  const Shape in = binder.shape(node.inputs[0]), out = binder.shape(node.outputs[0]);
  FirStep step;
  step.batch = in[0];
  step.channels = op.in_channels;
  step.time = in.back();
  step.out_time = out.back();
  step.kernel = op.kernel_t;
  step.pad_left = op.pad_left;
  if (op.has_bias) step.bias = binder.floats(node, 1, "bias");
  add_fir(binder, node, std::move(step), node.weights[0]);
}

namespace {

class DepthwiseTimeStep : public Step {
 public:
  std::int64_t batch = 0, time = 0, out_time = 0, width = 0, kernel = 0, pad_left = 0;
  const float* weight = nullptr;  ///< [ceil(width / kPanel), kernel, kPanel]
  const float* bias = nullptr;
  Act act = Act::kNone;
  Slot x = kNoSlot, y = kNoSlot;

  void run(const Frame& f) const noexcept override {
    const std::int64_t panels = (width + kPanel - 1) / kPanel;
    f.pool->run(static_cast<int>(batch * panels),
                [&](int task) { filter(f, task / panels, task % panels); });
  }

 private:
  void fetch(const float* taps) const noexcept {
    constexpr std::int64_t kLine = 16;
    for (std::int64_t i = 0; i < kernel * kPanel; i += kLine) __builtin_prefetch(taps + i);
  }
  /// One panel of channels, whose filters stay in the first-level cache for all frames.
  void filter(const Frame& f, std::int64_t b, std::int64_t panel) const noexcept {
    const std::int64_t first = panel * kPanel,
                       count = std::min<std::int64_t>(kPanel, width - first);
    const float* source = f.at(x) + b * time * width + first;
    const float* taps = weight + panel * kernel * kPanel;
    // Frames begin in the middle of the filters and walk backwards, which no hardware foresees.
    if (panel == 0) fetch(taps);
    if (first + kPanel < width) fetch(taps + kernel * kPanel);
    for (std::int64_t t = 0; t < out_time; ++t) {
      // Only taps inside the signal; the others would add zeros.
      const std::int64_t begin = std::max<std::int64_t>(0, pad_left - t);
      const std::int64_t end = std::max(begin, std::min(kernel, time + pad_left - t));
      float* out = f.at(y) + (b * out_time + t) * width + first;
      f.kernels->depthwise_row(source + (t + begin - pad_left) * width, width,
                               taps + begin * kPanel, bias == nullptr ? nullptr : bias + first,
                               static_cast<int>(end - begin), out, count);
      if (act != Act::kNone) f.kernels->activate(act, out, out, count);
    }
  }
};

/// Taps [kernel, width] as panels of channels, zero-padded.
LazyFloats panels_of(const LazyFloats& taps, std::int64_t kernel, std::int64_t width) {
  return [=] {
    const auto w = taps();
    const std::int64_t panels = (width + kPanel - 1) / kPanel;
    std::vector<float> packed(static_cast<std::size_t>(panels * kernel * kPanel), 0.0f);
    for (std::int64_t k = 0; k < kernel; ++k)
      for (std::int64_t d = 0; d < width; ++d)
        packed[static_cast<std::size_t>((d / kPanel * kernel + k) * kPanel + d % kPanel)] =
            w[static_cast<std::size_t>(k * width + d)];
    return packed;
  };
}

}  // namespace

void emit_depthwise_time(Binder& binder, const LoweredNode& node) {
  const auto& op = std::get<graph::Conv>(node.op);
  const Shape in = binder.shape(node.inputs[0]), out = binder.shape(node.outputs[0]);
  DepthwiseTimeStep step;
  step.batch = in[0];
  step.time = in[1];
  step.width = in[2];
  step.out_time = out[1];
  step.kernel = op.kernel_t;
  step.pad_left = op.pad_left;
  step.weight = float_block(binder.store(), node.name + "/panels",
                            (step.width + kPanel - 1) / kPanel * step.kernel * kPanel,
                            panels_of(node.weights[0].values, step.kernel, step.width),
                            node.weights[0].keep());
  if (op.has_bias) step.bias = binder.floats(node, 1, "bias");
  step.act = epilogue_act(node);
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  step.executed_macs = static_cast<double>(numel(out) * op.kernel_t);
  const auto detail = fmt::format("depthwise fp32 {} channels, {} taps, {} frames", step.width,
                                  step.kernel, step.out_time);
  std::vector<Slot> reads{step.x}, writes{step.y};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
