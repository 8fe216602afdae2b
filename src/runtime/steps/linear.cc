#include "nest/core/error.h"
#include "runtime/binder.h"

namespace nest::runtime {
namespace {

class LinearStep : public Step {
 public:
  MatMul product;
  const float* norm_weight = nullptr;  ///< of a layer norm that comes first; may be null
  const float* norm_bias = nullptr;
  float norm_eps = 0;
  std::int64_t rows = 0;
  Place x, y, residual;
  Slot scratch = kNoSlot, normed = kNoSlot;
  int parts = 1;

  void run(const Frame& f) const noexcept override {
    const float* other = f.maybe(residual.slot);
    const float* from = f.at(x.slot) + x.begin;
    std::int64_t row = x.row;
    if (norm_weight != nullptr) {
      normalize(f, from);
      from = f.at(normed);
      row = product.weight.k;
    }
    product.run(
        f,
        {rows, from, row, f.at(y.slot) + y.begin, y.row,
         other == nullptr ? nullptr : other + residual.begin, residual.row, f.maybe<void>(scratch)},
        parts);
  }

 private:
  void normalize(const Frame& f, const float* from) const noexcept {
    const std::int64_t width = product.weight.k;
    for (std::int64_t r = 0; r < rows; ++r)
      f.kernels->layer_norm(from + r * x.row, norm_weight, norm_bias, norm_eps,
                            f.at(normed) + r * width, width);
  }
};

}  // namespace

void emit_linear(Binder& binder, const LoweredNode& node) {
  const auto& op = std::get<graph::Linear>(node.op);
  const Shape in = binder.shape(node.inputs[0]);
  LinearStep step;
  step.rows = op.in_features == 0 ? 0 : numel(in) / op.in_features;
  step.product.weight = binder.matrix(node, 0, "weight", {step.rows});
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
  const std::int64_t bytes = MatMul::scratch_bytes(w, step.rows, step.parts);
  if (bytes > 0) step.scratch = binder.scratch(bytes);
  if (node.has_norm) {
    step.norm_weight = binder.floats(node, node.weights.size() - 2, "norm_weight");
    step.norm_bias = binder.floats(node, node.weights.size() - 1, "norm_bias");
    step.norm_eps = static_cast<float>(node.norm_eps);
    step.normed = binder.scratch(step.rows * w.k * 4);
  }
  step.executed_macs = static_cast<double>(step.rows) * w.products;
  step.weight_bytes = w.bytes;
  const auto detail = fmt::format("{}linear {} {}x{}x{}", node.has_norm ? "layer norm, " : "",
                                  what_runs(step.product), step.rows, w.k, w.n);
  std::vector<Slot> reads{step.x.slot, step.residual.slot};
  std::vector<Slot> writes{step.y.slot, step.scratch, step.normed};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
