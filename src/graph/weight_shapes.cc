#include <variant>

#include "nest/graph/graph.h"

namespace nest::graph {

namespace {

std::vector<Shape> recurrent_shapes(std::int64_t input, std::int64_t hidden, std::int64_t layers,
                                    std::int64_t directions, std::int64_t gates) {
  std::vector<Shape> shapes;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const std::int64_t in = layer == 0 ? input : hidden * directions;
    for (std::int64_t direction = 0; direction < directions; ++direction) {
      shapes.push_back({gates * hidden, in});
      shapes.push_back({gates * hidden, hidden});
      shapes.push_back({gates * hidden});
      shapes.push_back({gates * hidden});
    }
  }
  return shapes;
}

struct WeightShapes {
  using Shapes = std::vector<Shape>;

  Shapes operator()(const Conv& op) const {
    Shape weight{op.out_channels, op.in_channels / op.groups};
    if (op.is_2d) weight.push_back(op.kernel_s);
    weight.push_back(op.kernel_t);
    return op.has_bias ? Shapes{weight, {op.out_channels}} : Shapes{weight};
  }
  Shapes operator()(const BatchNorm& op) const {
    const Shape channels{op.channels};
    return {channels, channels, channels, channels, {}};
  }
  Shapes operator()(const Linear& op) const {
    const Shape weight{op.out_features, op.in_features};
    return op.has_bias ? Shapes{weight, {op.out_features}} : Shapes{weight};
  }
  Shapes operator()(const Lstm& op) const {
    return recurrent_shapes(op.input_size, op.hidden_size, op.num_layers, op.bidirectional ? 2 : 1,
                            4);
  }
  Shapes operator()(const Gru& op) const {
    return recurrent_shapes(op.input_size, op.hidden_size, op.num_layers, op.bidirectional ? 2 : 1,
                            3);
  }
  Shapes operator()(const Attention& op) const {
    if (op.kind != Attention::Kind::kRelative) return {};
    const Shape table{2 * op.max_distance + 1, op.embed_dim / op.num_heads};
    return {table, table};
  }
  Shapes operator()(const AdditiveAttention& op) const { return {{1, op.hidden}}; }
  Shapes operator()(const LocationFeatures& op) const {
    return {{op.filters, 1, op.kernel}, {op.filters}};
  }
  Shapes operator()(const LayerNorm& op) const { return {{op.features}, {op.features}}; }
  Shapes operator()(const Embedding& op) const { return {{op.vocab_size, op.features}}; }
  Shapes operator()(const PositionalEncoding& op) const { return {{1, op.max_len, op.features}}; }
  template <class O>
  Shapes operator()(const O&) const {
    return {};
  }
};

}  // namespace

std::vector<Shape> weight_shapes(const Op& op) {
  return std::visit(WeightShapes{}, op);
}

}  // namespace nest::graph
