#pragma once

#include "nest/graph/op.h"
#include "reference/node_additive.h"
#include "reference/node_attention.h"
#include "reference/node_layout.h"
#include "reference/node_products.h"
#include "reference/node_recurrent.h"
#include "reference/node_rows.h"

/// Slow, obvious twins of every node kind, executed with numbers that count their operations.
namespace nest::reference {

struct NodeTwin {
  const Inputs& in;
  const Arrays& weights;

  const Array& x() const { return *in[0]; }
  template <class F>
  Arrays each(const F& f) const {
    Array y = x();
    for (Counted& value : y.values) value = f(value);
    return {y};
  }

  Arrays operator()(const graph::Conv& op) const { return {conv(op, x(), weights)}; }
  Arrays operator()(const graph::BatchNorm& op) const { return {batch_norm(op, x(), weights)}; }
  Arrays operator()(const graph::Pool& op) const { return {pool(op, x())}; }
  Arrays operator()(const graph::Activate& op) const {
    return each([&](const Counted& value) { return activate(op.function, value); });
  }
  Arrays operator()(const graph::Glu& op) const { return {glu(x(), op.axis)}; }
  Arrays operator()(const graph::Dropout&) const { return {x()}; }
  Arrays operator()(const graph::Linear& op) const { return {linear(op, x(), weights)}; }
  Arrays operator()(const graph::Lstm& op) const { return recurrent(op, in, weights); }
  Arrays operator()(const graph::Gru& op) const { return recurrent(op, in, weights); }
  Arrays operator()(const graph::Attention& op) const { return attention(op, in, weights); }
  Arrays operator()(const graph::AdditiveAttention& op) const {
    return additive_attention(op, in, weights);
  }
  Arrays operator()(const graph::LocationFeatures& op) const {
    return {location(op, x(), weights)};
  }
  Arrays operator()(const graph::LayerNorm& op) const {
    return {by_row(x(), [&](const Row& row) { return layer_norm(op, row, weights); })};
  }
  Arrays operator()(const graph::Embedding& op) const {
    return {gathered(weights[0], {x().dim(0), x().dim(1), op.features}, [&](const auto& at) {
      const auto token = static_cast<std::int64_t>(x()(at[0], at[1]).value());
      return std::vector<std::int64_t>{token, at[2]};
    })};
  }
  Arrays operator()(const graph::CountFrames& op) const {
    Array y(std::vector<std::int64_t>{});
    y.values[0] = x().values[0].value() + static_cast<double>(in[1]->dim(op.axis));  // an integer
    return {y};
  }
  Arrays operator()(const graph::PositionalEncoding&) const {
    const bool has_offset = in.size() > 1 && in[1] != nullptr;
    const auto offset =
        has_offset ? static_cast<std::int64_t>(in[1]->values[0].value()) : std::int64_t{0};
    Array y = x();
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& at) {
      y.values[y.offset(at)] += weights[0](0, offset + at[1], at[2]);
    });
    return {y};
  }
  Arrays operator()(const graph::Add&) const {
    return {broadcast(x(), *in[1], [](auto a, auto b) { return a + b; })};
  }
  Arrays operator()(const graph::Mul&) const {
    return {broadcast(x(), *in[1], [](auto a, auto b) { return a * b; })};
  }
  Arrays operator()(const graph::Scale& op) const {
    return each([&](const Counted& value) { return value * Counted(op.factor); });
  }
  Arrays operator()(const graph::Concat& op) const { return {concat(op, in)}; }
  Arrays operator()(const graph::Permute& op) const { return {permute(op, x())}; }
  Arrays operator()(const graph::Unsqueeze& op) const {
    Array y = x();
    y.shape.insert(y.shape.begin() + static_cast<int>(axis_of(op.axis, x().rank() + 1)), 1);
    return {y};
  }
  Arrays operator()(const graph::Squeeze& op) const {
    Array y = x();
    y.shape.erase(y.shape.begin() + static_cast<int>(axis_of(op.axis, x().rank())));
    return {y};
  }
  Arrays operator()(const graph::Slice& op) const { return {slice(op, x())}; }
  Arrays operator()(const graph::LogSoftmax&) const { return {by_row(x(), log_softmax)}; }
  Arrays operator()(const graph::Softmax&) const { return {by_row(x(), softmax)}; }
};

/// Outputs of a node in order; integers and positions come as numbers.
inline Arrays run_node(const graph::Op& op, const Inputs& inputs, const Arrays& weights) {
  return std::visit(NodeTwin{inputs, weights}, op);
}

}  // namespace nest::reference
