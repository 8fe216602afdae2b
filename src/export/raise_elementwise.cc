#include <cmath>

#include "nest/core/error.h"
#include "raise.h"

/// Sums and products element by element, and what they are parts of: layer norm, GELU, gates.
namespace nest::exports {
namespace {

/// The input that is not `index` of two.
const Edge& other(const Raise& at, const OnnxNode& node, std::size_t index) {
  return at.input(node, 1 - index);
}

void square(Raise& at, const OnnxNode& node, const Edge& x) {
  if (const Part* centred = part_of(x, Part::Kind::kCentred)) {
    Part part = *centred;
    part.kind = Part::Kind::kSquares;
    return at.set(node, part);
  }
  at.emit(node, graph::Activate{graph::Activation::kSquare}, {at.value(node, 0)});
}

void power(Raise& at, const OnnxNode& node) {
  require(scalar_at(at, node, 1) == 2.0, ErrorCode::kUnsupported, "only squares are covered");
  square(at, node, at.input(node, 0));
}

void root(Raise& at, const OnnxNode& node) {
  if (const auto number = scalar_at(at, node, 0)) {
    const auto value = static_cast<float>(std::sqrt(*number));
    return at.set(node, Tensor::from<float>({}, std::vector<float>{value}));
  }
  const Part* variance = part_of(at.input(node, 0), Part::Kind::kVarianceEps);
  require(variance != nullptr, ErrorCode::kUnsupported, "it is not that of a layer norm");
  Part part = *variance;
  part.kind = Part::Kind::kDeviation;
  at.set(node, part);
}

void mean(Raise& at, const OnnxNode& node) {
  const auto axes = at.integers(node, 1, "axes");
  const Part* squares = part_of(at.input(node, 0), Part::Kind::kSquares);
  Part part = squares != nullptr ? *squares : Part{Part::Kind::kMean, at.view(node, 0)};
  if (squares != nullptr) part.kind = Part::Kind::kVariance;
  const auto rank = static_cast<std::int64_t>(part.x.axes.size());
  const bool is_last =
      axes.has_value() && axes->size() == 1 && (axes->front() == -1 || axes->front() == rank - 1);
  require(is_last && attribute_or(node, "keepdims", std::int64_t{1}) == 1, ErrorCode::kUnsupported,
          "it is not the mean of the last axis inside a layer norm");
  at.set(node, part);
}

/// Times or over a number. False if the edge takes none.
bool scaled(Raise& at, const OnnxNode& node, const Edge& edge, double factor) {
  if (const auto* scores = std::get_if<HeadScores>(&edge);
      scores != nullptr && !scores->is_softmax) {
    HeadScores made = *scores;
    made.scale *= factor;
    at.set(node, made);
    return true;
  }
  if (const Part* phi = part_of(edge, Part::Kind::kPhi)) {
    Part made = *phi;
    made.factor *= factor;
    at.set(node, made);
    return true;
  }
  const auto* view = std::get_if<View>(&edge);
  if (view == nullptr || at.graph().value(view->base).dtype != DType::kF32) return false;
  View made = *view;
  made.scale *= factor;
  if (is_near(made.scale, 1)) made.scale = 1;
  at.set(node, made);
  return true;
}

/// gelu(x) = x phi(x) of (1 + erf(x / sqrt 2)) and a multiple of x.
bool finish_gelu(Raise& at, const OnnxNode& node, const Edge& phi, const Edge& x) {
  const Part* part = part_of(phi, Part::Kind::kPhi);
  const auto* times = std::get_if<View>(&x);
  if (part == nullptr || times == nullptr || !is_same(part->x, *times)) return false;
  const double factor = 2 * part->factor * times->scale / part->x.scale;
  at.emit(node, graph::Activate{graph::Activation::kGelu}, {at.value(part->x, node)});
  View made = std::get<View>(at.edge(node.outputs[0]));
  made.scale = is_near(factor, 1) ? 1 : factor;
  at.set(node, made);
  return true;
}

/// x sigmoid(x), or the half of x beside it.
bool finish_gate(Raise& at, const OnnxNode& node, const Edge& gate, const Edge& x) {
  const Part* sigmoid = part_of(gate, Part::Kind::kSigmoid);
  if (sigmoid == nullptr) return false;
  if (const auto* view = std::get_if<View>(&x)) {
    if (sigmoid->is_slice() || !is_same(sigmoid->x, *view) || sigmoid->x.scale != view->scale)
      return false;
    at.emit(node, graph::Activate{graph::Activation::kSilu}, {at.value(*view, node)});
    return true;
  }
  const Part* half = part_of(x, Part::Kind::kSlice);
  if (half == nullptr || !is_same(half->x, sigmoid->x) || half->axis != sigmoid->axis) return false;
  const graph::Dim length = size_of(half->x.axes[static_cast<std::size_t>(half->axis)]);
  const bool are_halves = half->begin == 0 && half->end == sigmoid->begin &&
                          length == graph::Dim(2 * half->end) &&
                          (sigmoid->end == 0 || sigmoid->end == 2 * half->end);
  if (!are_halves) return false;
  at.emit(node, graph::Glu{half->axis}, {at.value(half->x, node)});
  return true;
}

bool finish_gain(Raise& at, const OnnxNode& node, std::size_t index) {
  const Part* normed = part_of(at.input(node, index), Part::Kind::kNormed);
  const Tensor* gain = at.constant(node, 1 - index);
  if (normed == nullptr || gain == nullptr) return false;
  Part part = *normed;
  part.kind = Part::Kind::kGained;
  part.gain = gain->to(DType::kF32);
  at.set(node, part);
  return true;
}

void multiply(Raise& at, const OnnxNode& node) {
  for (const std::size_t i : {0U, 1U}) {
    const Edge& edge = at.input(node, i);
    if (const auto factor = scalar_at(at, node, 1 - i)) {
      if (scaled(at, node, edge, *factor)) return;
      View made = at.view(node, i);  // a sigmoid or a slice that is no part of more
      made.scale *= *factor;
      return at.set(node, made);
    }
    if (finish_gelu(at, node, edge, other(at, node, i)) ||
        finish_gate(at, node, edge, other(at, node, i)) || finish_gain(at, node, i))
      return;
  }
  const auto* a = std::get_if<View>(&at.input(node, 0));
  const auto* b = std::get_if<View>(&at.input(node, 1));
  const Part* centred = part_of(at.input(node, 0), Part::Kind::kCentred);
  const bool are_equal = a != nullptr && b != nullptr && is_same(*a, *b) && a->scale == b->scale;
  if (are_equal || (centred != nullptr && node.inputs[0] == node.inputs[1]))
    return square(at, node, at.input(node, 0));
  at.emit(node, graph::Mul{}, {at.value(node, 0), at.value(node, 1)});
}

void divide(Raise& at, const OnnxNode& node) {
  if (const auto by = scalar_at(at, node, 1); by && scaled(at, node, at.input(node, 0), 1 / *by))
    return;
  const Part* centred = part_of(at.input(node, 0), Part::Kind::kCentred);
  const Part* deviation = part_of(at.input(node, 1), Part::Kind::kDeviation);
  require(centred != nullptr && deviation != nullptr && is_same(centred->x, deviation->x),
          ErrorCode::kUnsupported, "it divides by no constant and is no layer norm");
  Part part = *deviation;
  part.kind = Part::Kind::kNormed;
  at.set(node, part);
}

void subtract(Raise& at, const OnnxNode& node) {
  const auto* x = std::get_if<View>(&at.input(node, 0));
  const Part* mean = part_of(at.input(node, 1), Part::Kind::kMean);
  if (x != nullptr && mean != nullptr && is_same(*x, mean->x)) {
    return at.set(node, Part{Part::Kind::kCentred, mean->x});
  }
  View minus = at.view(node, 1);
  minus.scale *= -1;
  at.emit(node, graph::Add{}, {at.value(node, 0), at.value(minus, node)});
}

bool finish_norm(Raise& at, const OnnxNode& node, std::size_t index) {
  const Part* gained = part_of(at.input(node, index), Part::Kind::kGained);
  const Tensor* bias = at.constant(node, 1 - index);
  if (gained == nullptr || bias == nullptr) return false;
  const std::int64_t features = gained->gain.numel();
  const Part part = *gained;  // emitting may move the edge
  const std::string name = at.name_of(node);
  at.emit(node, graph::LayerNorm{features, part.eps}, {at.value(part.x, node)},
          {at.add_weight(name, "weight", part.gain.reshaped({features})),
           at.add_weight(name, "bias", bias->to(DType::kF32).reshaped({features}))});
  return true;
}

/// A table of positions, its first rows or all of it.
bool finish_positions(Raise& at, const OnnxNode& node, std::size_t index) {
  const auto* rows = std::get_if<TableRows>(&at.input(node, index));
  const Tensor* all = at.constant(node, index);
  if (rows == nullptr && (all == nullptr || all->rank() < 2)) return false;
  const Tensor table = rows != nullptr ? rows->table : *all;
  const std::int64_t length = table.dim(-2), features = table.dim(-1);
  if (table.numel() != length * features) return false;
  const std::string name = at.name_of(node);
  at.emit(node, graph::PositionalEncoding{length, features}, {at.value(node, 1 - index)},
          {at.add_weight(name, "pe", table.to(DType::kF32).reshaped({1, length, features}))});
  return true;
}

void add(Raise& at, const OnnxNode& node) {
  for (const std::size_t i : {0U, 1U}) {
    const Edge& edge = at.input(node, i);
    const auto number = scalar_at(at, node, 1 - i);
    if (const Part* erf = part_of(edge, Part::Kind::kErf); erf != nullptr && number == 1.0) {
      Part part = *erf;
      part.kind = Part::Kind::kPhi;
      return at.set(node, part);
    }
    if (const Part* variance = part_of(edge, Part::Kind::kVariance);
        variance != nullptr && number) {
      Part part = *variance;
      part.kind = Part::Kind::kVarianceEps;
      part.eps = *number;
      return at.set(node, part);
    }
    if (number == 0.0) return at.set(node, Edge(edge));
    require(!std::holds_alternative<HeadScores>(edge), ErrorCode::kUnsupported,
            "it is a mask on attention");
    if (finish_norm(at, node, i) || finish_positions(at, node, i)) return;
  }
  at.emit(node, graph::Add{}, {at.value(node, 0), at.value(node, 1)});
}

/// Attention to nothing gives no NaN here, so there is never one to replace.
void is_nan(Raise& at, const OnnxNode& node) {
  require(std::holds_alternative<HeadScores>(at.input(node, 0)), ErrorCode::kUnsupported,
          "it is not of attention weights");
  at.set(node, Zeros{});
}

void where(Raise& at, const OnnxNode& node) {
  require(std::holds_alternative<Zeros>(at.input(node, 0)), ErrorCode::kUnsupported,
          "it chooses by a condition");
  at.set(node, Edge(at.input(node, 2)));
}

/// Of lengths, or of values.
template <Follow kOfValues>
void arithmetic(Raise& at, const OnnxNode& node) {
  if (!compute_lengths(at, node) && !compute_number(at, node)) kOfValues(at, node);
}

}  // namespace

Follow follow_elementwise(std::string_view op) {
  static const std::map<std::string_view, Follow> kFollow{{"Pow", power},
                                                          {"Sqrt", root},
                                                          {"ReduceMean", mean},
                                                          {"Mul", arithmetic<multiply>},
                                                          {"Div", arithmetic<divide>},
                                                          {"Sub", arithmetic<subtract>},
                                                          {"Add", arithmetic<add>},
                                                          {"IsNaN", is_nan},
                                                          {"Where", where}};
  const auto found = kFollow.find(op);
  return found == kFollow.end() ? nullptr : found->second;
}

}  // namespace nest::exports
