#include <algorithm>

#include "nest/graph/code_rows.h"
#include "runtime/binder.h"
#include "runtime/prepared_version5.h"

/// Rows of a table, stored as its quantization says and turned into floats when a token asks.
namespace nest::runtime {
namespace {

class EmbeddingStep : public Step {
 public:
  std::int64_t tokens = 0, width = 0, vocab = 0;
  Precision precision = Precision::kFp32;
  const std::byte* table = nullptr;
  Slot x = kNoSlot, y = kNoSlot;

  /// Tokens are checked when they enter (see run_checks.h); the clamp only keeps memory safe.
  void run(const Frame& f) const noexcept override {
    const std::int64_t bytes = graph::row_bytes(precision, width);
    for (std::int64_t i = 0; i < tokens; ++i) {
      const std::int64_t token = std::clamp<std::int64_t>(f.at<std::int64_t>(x)[i], 0, vocab - 1);
      graph::read_row(table + token * bytes, width, precision, f.at(y) + i * width);
    }
  }
};

}  // namespace

void emit_embedding(Binder& binder, const LoweredNode& node) {
  const auto& op = std::get<graph::Embedding>(node.op);
  EmbeddingStep step;
  step.tokens = numel(binder.shape(node.inputs[0]));
  step.width = op.features;
  step.vocab = op.vocab_size;
  step.precision = node.quantization.precision;
  const bool is_plain = step.precision == Precision::kFp32;
  const std::string key =
      node.name + "/weight" + (is_plain ? "" : fmt::format(":rows {}", name_of(step.precision)));
  const std::int64_t bytes = graph::row_bytes(step.precision, op.features) * op.vocab_size;
  const LazyFloats values = node.weights[0].values;
  const auto make = [&](void* out) {
    const LazyFloats source = old_rows_or(binder.store(), key, op.vocab_size, op.features, values);
    graph::write_rows(source(), op.vocab_size, op.features, node.quantization,
                      static_cast<std::byte*>(out));
  };
  step.table = static_cast<const std::byte*>(
      binder.store().block(key, static_cast<std::size_t>(bytes), make));
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  step.weight_bytes =
      static_cast<double>(step.tokens * graph::row_bytes(step.precision, op.features));
  const auto detail = fmt::format("embedding {}", name_of(step.precision));
  std::vector<Slot> reads{step.x}, writes{step.y};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
