#include "nest/core/error.h"
#include "runtime/binder.h"

namespace nest::runtime {
namespace {

class LinearStep : public Step {
 public:
  MatMul product;
  std::int64_t rows = 0;
  Place x, y, residual;
  Slot scratch = kNoSlot;
  int parts = 1;

  void run(const Frame& f) const noexcept override {
    const float* other = f.maybe(residual.slot);
    product.run(
        f,
        {rows, f.at(x.slot) + x.begin, x.row, f.at(y.slot) + y.begin, y.row,
         other == nullptr ? nullptr : other + residual.begin, residual.row, f.maybe<void>(scratch)},
        parts);
  }
};

}  // namespace

void emit_linear(Binder& binder, const LoweredNode& node) {
  const auto& op = std::get<graph::Linear>(node.op);
  const Shape in = binder.shape(node.inputs[0]);
  LinearStep step;
  step.rows = op.in_features == 0 ? 0 : numel(in) / op.in_features;
  step.product.weight = binder.matrix(node, 0, binder.precision(node));
  if (op.has_bias) step.product.bias = binder.floats(node, 1, "bias");
  step.product.act = epilogue_act(node);
  step.product.alpha = static_cast<float>(node.alpha);
  step.product.activation = binder.activation(node.name);
  step.x = binder.place(node.inputs[0]);
  step.residual = binder.place(node.residual);
  step.parts = binder.threads();
  if (node.kind == LoweredKind::kJoinedLinear) {
    step.y = {binder.scratch(step.rows * op.out_features * 4), 0, op.out_features};
    std::int64_t begin = 0;
    for (const graph::ValueId output : node.outputs) {
      binder.define_at(output, {step.y.slot, begin, op.out_features});
      begin += binder.shape(output).back();
    }
  } else {
    step.y = binder.define(node.outputs[0]);
  }
  const PackedMatrix& w = step.product.weight;
  const std::int64_t bytes = MatMul::scratch_bytes(w, step.rows);
  if (bytes > 0) step.scratch = binder.scratch(bytes);
  step.macs = static_cast<double>(step.rows) * w.products;
  step.weight_bytes = w.bytes;
  const auto detail =
      fmt::format("linear {} {}x{}x{}", what_runs(step.product), step.rows, w.k, w.n);
  std::vector<Slot> reads{step.x.slot, step.residual.slot}, writes{step.y.slot, step.scratch};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
