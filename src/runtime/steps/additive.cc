#include <cstring>

#include "nest/core/error.h"
#include "runtime/binder.h"

/// Additive attention and the location features that go with it.
namespace nest::runtime {
namespace {

class AdditiveStep : public Step {
 public:
  std::int64_t batch = 0, queries = 0, keys = 0, hidden = 0, value_width = 0;
  Place q, k, v, location;
  Slot attend = kNoSlot, context = kNoSlot, weights = kNoSlot;
  const float* energy = nullptr;
  std::vector<std::int64_t> value_rows;

  void run(const Frame& f) const noexcept override {
    f.pool->run(static_cast<int>(batch * queries), [&](int task) { query(f, task); });
  }

 private:
  void query(const Frame& f, std::int64_t task) const noexcept {
    const std::int64_t b = task / queries;
    float* row = f.at(weights) + task * keys;
    EnergyArgs e;
    e.keys = static_cast<int>(keys);
    e.dim = static_cast<int>(hidden);
    e.query = f.at(q.slot) + task * hidden;
    e.key = f.at(k.slot) + b * keys * hidden;
    if (location.slot != kNoSlot) e.location = f.at(location.slot) + task * keys * hidden;
    e.energy = energy;
    e.out = row;
    f.kernels->energies(e);
    const bool* allowed = attend == kNoSlot ? nullptr : f.at<bool>(attend) + task * keys;
    normalize(f, allowed, row);
    GemmArgs g;
    g.m = 1;
    g.n = static_cast<int>(value_width);
    g.k = static_cast<int>(keys);
    g.a = row;
    g.lda = keys;
    g.b = f.at(v.slot) + v.begin + b * keys * v.row;
    g.b_size = (batch - b) * keys * v.row - v.begin;
    g.offsets = value_rows.data();
    g.c = f.at(context) + task * value_width;
    g.ldc = value_width;
    f.kernels->conv(g);
  }

  void normalize(const Frame& f, const bool* allowed, float* row) const noexcept {
    bool any = allowed == nullptr;
    for (std::int64_t j = 0; j < keys && allowed != nullptr; ++j) {
      any = any || allowed[j];
      if (!allowed[j]) row[j] = -3e38f;
    }
    if (!any) {
      std::memset(row, 0, static_cast<std::size_t>(keys) * sizeof(float));
      return;
    }
    f.kernels->softmax(row, row, keys);
    for (std::int64_t j = 0; j < keys && allowed != nullptr; ++j) {
      if (!allowed[j]) row[j] = 0;
    }
  }
};

class LocationStep : public Step {
 public:
  std::int64_t rows = 0, keys = 0, filters = 0, kernel = 0;
  const float* weight = nullptr;
  const float* bias = nullptr;
  Slot x = kNoSlot, y = kNoSlot;

  void run(const Frame& f) const noexcept override {
    const std::int64_t half = (kernel - 1) / 2;
    for (std::int64_t r = 0; r < rows; ++r) {
      const float* previous = f.at(x) + r * keys;
      for (std::int64_t j = 0; j < keys; ++j) {
        float* out = f.at(y) + (r * keys + j) * filters;
        for (std::int64_t i = 0; i < filters; ++i) {
          float sum = bias[i];
          for (std::int64_t t = 0; t < kernel; ++t) {
            const std::int64_t at = j + t - half;
            if (at >= 0 && at < keys) sum += weight[i * kernel + t] * previous[at];
          }
          out[i] = sum;
        }
      }
    }
  }
};

}  // namespace

void emit_additive(Binder& binder, const LoweredNode& node) {
  AdditiveStep step;
  const Shape q = binder.shape(node.inputs[0]), k = binder.shape(node.inputs[1]);
  step.batch = q[0];
  step.queries = q[1];
  step.keys = k[1];
  step.hidden = q[2];
  step.value_width = binder.shape(node.inputs[2])[2];
  step.q = binder.place(node.inputs[0]);
  step.k = binder.place(node.inputs[1]);
  step.v = binder.place(node.inputs[2]);
  if (node.inputs.size() > 3) step.location = binder.place(node.inputs[3]);
  if (node.inputs.size() > 4) step.attend = binder.place(node.inputs[4]).slot;
  step.context = binder.define(node.outputs[0]).slot;
  step.weights = binder.define(node.outputs[1]).slot;
  step.energy = binder.floats(node, 0, "energy");
  for (std::int64_t j = 0; j < step.keys; ++j) step.value_rows.push_back(j * step.v.row);
  step.executed_macs =
      static_cast<double>(step.batch * step.queries * step.keys * (step.hidden + step.value_width));
  const auto detail =
      fmt::format("additive attention fp32 {} queries, {} keys", step.queries, step.keys);
  std::vector<Slot> reads{step.q.slot, step.k.slot, step.v.slot, step.location.slot, step.attend};
  std::vector<Slot> writes{step.context, step.weights};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

void emit_location(Binder& binder, const LoweredNode& node) {
  const auto& op = std::get<graph::LocationFeatures>(node.op);
  const Shape in = binder.shape(node.inputs[0]);
  LocationStep step;
  step.rows = in[0] * in[1];
  step.keys = in[2];
  step.filters = op.filters;
  step.kernel = op.kernel;
  step.weight = binder.floats(node, 0, "weight");
  step.bias = binder.floats(node, 1, "bias");
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  step.executed_macs = static_cast<double>(step.rows * step.keys * step.filters * step.kernel);
  const auto detail = fmt::format("location features {} filters of {}", op.filters, op.kernel);
  std::vector<Slot> reads{step.x}, writes{step.y};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
