#include <algorithm>
#include <cmath>

#include "nest/core/error.h"
#include "runtime/binder.h"

/// Operations on rows of the last axis and element by element.
namespace nest::runtime {
namespace {

class RowsStep : public Step {
 public:
  enum class Kind : std::uint8_t { kActivate, kScale, kLayerNorm, kSoftmax, kLogSoftmax };
  Kind kind = Kind::kActivate;
  std::int64_t rows = 0, width = 0;
  Act act = Act::kNone;
  float factor = 1, eps = 0;
  const float* weight = nullptr;
  const float* bias = nullptr;
  Slot x = kNoSlot, y = kNoSlot;

  void run(const Frame& f) const noexcept override {
    const float* from = f.at(x);
    float* to = f.at(y);
    switch (kind) {
      case Kind::kActivate:
        f.kernels->activate(act, from, to, rows * width);
        return;
      case Kind::kScale:
        f.kernels->scale(from, factor, to, rows * width);
        return;
      default:
        break;
    }
    for (std::int64_t r = 0; r < rows; ++r, from += width, to += width) row(f, from, to);
  }

 private:
  void row(const Frame& f, const float* from, float* to) const noexcept {
    if (kind == Kind::kLayerNorm) {
      f.kernels->layer_norm(from, weight, bias, eps, to, width);
      return;
    }
    if (kind == Kind::kSoftmax) {
      f.kernels->softmax(from, to, width);
      return;
    }
    float max = 0;
    const float sum = f.kernels->exp_sum(from, to, width, &max);
    const float shift = std::log(sum);
    for (std::int64_t i = 0; i < width; ++i) to[i] = (from[i] - max) - shift;
  }
};

/// y = a * sigmoid(b), a and b the halves of an axis: `outer` times 2 * `inner` values.
class GluStep : public Step {
 public:
  std::int64_t outer = 0, inner = 0;
  Slot x = kNoSlot, y = kNoSlot;

  void run(const Frame& f) const noexcept override {
    for (std::int64_t o = 0; o < outer; ++o) {
      const float* from = f.at(x) + o * 2 * inner;
      f.kernels->glu(from, from + inner, f.at(y) + o * inner, inner);
    }
  }
};

/// One affine map a channel: x [B, C, ...].
class ChannelStep : public Step {
 public:
  std::int64_t items = 0, channels = 0, each = 0;
  const float* scale = nullptr;
  const float* shift = nullptr;
  Slot x = kNoSlot, y = kNoSlot;

  void run(const Frame& f) const noexcept override {
    for (std::int64_t r = 0; r < items * channels; ++r) {
      const float* from = f.at(x) + r * each;
      float* to = f.at(y) + r * each;
      const float a = scale[r % channels], b = shift[r % channels];
      for (std::int64_t i = 0; i < each; ++i) to[i] = from[i] * a + b;
    }
  }
};

class PoolStep : public Step {
 public:
  graph::Pool op;
  std::int64_t rows = 0, time = 0, out_time = 0;
  Act act = Act::kNone;
  Slot x = kNoSlot, y = kNoSlot;
  int parts = 1;

  void run(const Frame& f) const noexcept override {
    f.pool->run(parts, [&](int i) { pool_rows(f, rows * i / parts, rows * (i + 1) / parts); });
  }

 private:
  void pool_rows(const Frame& f, std::int64_t begin, std::int64_t end) const noexcept {
    const bool is_mean = op.kind == graph::Pool::Kind::kMean;
    const float factor = 1.0f / static_cast<float>(op.kernel);
    for (std::int64_t r = begin; r < end; ++r) {
      const float* from = f.at(x) + r * time;
      float* to = f.at(y) + r * out_time;
      for (std::int64_t t = 0; t < out_time; ++t) {
        const float* window = from + t * op.stride;
        float sum = window[0];
        for (std::int64_t k = 1; k < op.kernel; ++k)
          sum = is_mean ? sum + window[k] : (window[k] > sum ? window[k] : sum);
        to[t] = is_mean ? sum * factor : sum;
      }
    }
    float* done = f.at(y) + begin * out_time;
    if (act != Act::kNone) f.kernels->activate(act, done, done, (end - begin) * out_time);
  }
};

void emit_glu(Binder& binder, const LoweredNode& node, int axis) {
  const Shape in = binder.shape(node.inputs[0]);
  const auto split = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(in.size()) : axis);
  GluStep step;
  step.outer = 1;
  step.inner = in.at(split) / 2;
  for (std::size_t i = 0; i < split; ++i) step.outer *= in[i];
  for (std::size_t i = split + 1; i < in.size(); ++i) step.inner *= in[i];
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  std::vector<Slot> reads{step.x}, writes{step.y};
  binder.add(node, std::move(step), "glu", std::move(reads), std::move(writes));
}

void emit_batch_norm(Binder& binder, const LoweredNode& node, const graph::BatchNorm& op) {
  const Shape in = binder.shape(node.inputs[0]);
  ChannelStep step;
  step.items = in.at(0);
  step.channels = op.channels;
  step.each = step.items * step.channels == 0 ? 0 : numel(in) / (step.items * step.channels);
  const auto weights = node.weights;
  const auto affine = [weights, eps = op.eps](bool is_scale) {
    const auto w = weights[0].values(), b = weights[1].values();
    const auto mean = weights[2].values(), variance = weights[3].values();
    std::vector<float> out;
    for (std::size_t c = 0; c < w.size(); ++c) {
      const double s =
          static_cast<double>(w[c]) / std::sqrt(static_cast<double>(variance[c]) + eps);
      const double shift = static_cast<double>(b[c]) - static_cast<double>(mean[c]) * s;
      out.push_back(static_cast<float>(is_scale ? s : shift));
    }
    return out;
  };
  step.scale = float_block(binder.store(), node.name + "/scale", op.channels,
                           [affine] { return affine(true); });
  step.shift = float_block(binder.store(), node.name + "/shift", op.channels,
                           [affine] { return affine(false); });
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  std::vector<Slot> reads{step.x}, writes{step.y};
  binder.add(node, std::move(step), "batch norm", std::move(reads), std::move(writes));
}

}  // namespace

void emit_rows(Binder& binder, const LoweredNode& node) {
  if (const auto* glu = std::get_if<graph::Glu>(&node.op)) {
    emit_glu(binder, node, glu->axis);
    return;
  }
  const Shape in = binder.shape(node.inputs[0]);
  RowsStep step;
  step.width = in.empty() ? 1 : in.back();
  step.rows = step.width == 0 ? 0 : numel(in) / step.width;
  std::string detail(graph::kind_name(node.op));
  if (const auto* act = std::get_if<graph::Activate>(&node.op)) {
    step.act = act_of(act->function);
    detail = name_of(act->function);
  } else if (const auto* scale = std::get_if<graph::Scale>(&node.op)) {
    step.kind = RowsStep::Kind::kScale;
    step.factor = static_cast<float>(scale->factor);
  } else if (const auto* norm = std::get_if<graph::LayerNorm>(&node.op)) {
    step.kind = RowsStep::Kind::kLayerNorm;
    step.eps = static_cast<float>(norm->eps);
    step.weight = binder.floats(node, 0, "weight");
    step.bias = binder.floats(node, 1, "bias");
  } else if (std::holds_alternative<graph::Softmax>(node.op)) {
    step.kind = RowsStep::Kind::kSoftmax;
  } else if (std::holds_alternative<graph::LogSoftmax>(node.op)) {
    step.kind = RowsStep::Kind::kLogSoftmax;
  } else {
    fail(ErrorCode::kInternal, "'{}' is no operation on rows", detail);
  }
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  std::vector<Slot> reads{step.x}, writes{step.y};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

void emit_channels(Binder& binder, const LoweredNode& node) {
  if (const auto* norm = std::get_if<graph::BatchNorm>(&node.op)) {
    emit_batch_norm(binder, node, *norm);
    return;
  }
  const Shape in = binder.shape(node.inputs[0]), out = binder.shape(node.outputs[0]);
  PoolStep step;
  step.op = std::get<graph::Pool>(node.op);
  step.time = in.back();
  step.out_time = out.back();
  step.rows = step.time == 0 ? 0 : numel(in) / step.time;
  step.parts = static_cast<int>(std::clamp<std::int64_t>(step.rows, 1, binder.threads()));
  step.act = epilogue_act(node);
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  const auto detail =
      fmt::format("{} pool {} samples", step.op.kind == graph::Pool::Kind::kMax ? "max" : "mean",
                  step.out_time);
  std::vector<Slot> reads{step.x}, writes{step.y};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
