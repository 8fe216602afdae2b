#include <numeric>

#include "nest/core/error.h"
#include "raise.h"

/// What arranges numbers anew without computing.
namespace nest::exports {

void same(Raise& at, const OnnxNode& node) {
  at.set(node, Edge(at.input(node, 0)));
}

namespace {

/// Types here follow from the kind of node: floats are float32, indices int64.
void cast(Raise& at, const OnnxNode& node) {
  const Edge& edge = at.input(node, 0);
  constexpr std::int64_t kFloat = 1, kLong = 7;
  const std::int64_t to = attribute_or(node, "to", kFloat);
  if (const auto lengths = lengths_of(edge);
      lengths && to == kFloat && lengths->dims.size() == 1 && lengths->dims[0].is_constant()) {
    const auto number = static_cast<float>(lengths->dims[0].constant());
    return at.set(node, Tensor::from<float>({}, std::vector<float>{number}));
  }
  if (const auto* tensor = std::get_if<Tensor>(&edge);
      tensor != nullptr && tensor->dtype() != DType::kBool) {
    if (to == kFloat) return at.set(node, tensor->to(DType::kF32));
    if (to == kLong && tensor->dtype() != DType::kF32) return at.set(node, tensor->to(DType::kI64));
  }
  at.set(node, Edge(edge));
}

void transpose(Raise& at, const OnnxNode& node) {
  if (const Tensor* tensor = at.constant(node, 0)) {  // a weight, stored the other way round
    return at.set(node, transposed_matrix(*tensor));
  }
  const View x = at.view(node, 0);
  std::vector<std::int64_t> order(x.axes.size());
  std::iota(order.rbegin(), order.rend(), std::int64_t{0});
  if (const auto given = at.integers(node, 1, "perm")) order = *given;
  at.set(node, transposed(x, order));
}

/// Constant integers as rows: how exporters turn padding round.
Tensor table_of(const Lengths& lengths, const graph::DimShape& target) {
  std::vector<std::int64_t> values;
  for (const graph::Dim& dim : lengths.dims) {
    require(dim.is_constant(), ErrorCode::kUnsupported, "open lengths stand in rows");
    values.push_back(dim.constant());
  }
  const auto count = static_cast<std::int64_t>(values.size());
  const std::int64_t columns = target[1].is_constant() ? target[1].constant() : 0;
  require(columns >= 1 && count % columns == 0, ErrorCode::kUnsupported,
          "{} integers in rows of {}", count, target[1].text());
  return Tensor::from<std::int64_t>({count / columns, columns}, values);
}

void reshape(Raise& at, const OnnxNode& node) {
  const auto target = find_attribute(node, "shape") != nullptr
                          ? lengths_of(Tensor::from<std::int64_t>(
                                {static_cast<std::int64_t>(at.integers(node, 1, "shape")->size())},
                                *at.integers(node, 1, "shape")))
                          : lengths_of(at.input(node, 1));
  require(target.has_value(), ErrorCode::kUnsupported, "its shape depends on values");
  if (const auto* scores = std::get_if<HeadScores>(&at.input(node, 0)))
    return at.set(node,
                  *scores);  // batch and heads joined or apart: the product that reads it asks
  if (const Tensor* tensor = at.constant(node, 0)) {
    Shape shape;
    std::int64_t known = 1;
    for (const graph::Dim& dim : target->dims) {
      require(dim.is_constant() && dim.constant() != 0, ErrorCode::kUnsupported,
              "a constant takes a shape that is open");
      shape.push_back(dim.constant());
      if (dim.constant() > 0) known *= dim.constant();
    }
    for (std::int64_t& length : shape) length = length < 0 ? tensor->numel() / known : length;
    return at.set(node, tensor->reshaped(shape));
  }
  if (auto lengths = lengths_of(at.input(node, 0))) {  // a list of lengths stays one
    if (target->dims.size() == 2) return at.set(node, table_of(*lengths, target->dims));
    lengths->is_scalar = target->dims.empty();
    return at.set(node, *lengths);
  }
  const View x = at.view(node, 0);
  const graph::DimShape from = shape_of(x);
  graph::DimShape dims = target->dims;
  const bool keeps_zero = attribute_or(node, "allowzero", std::int64_t{0}) != 0;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (keeps_zero || !(dims[i] == graph::Dim(0))) continue;
    require(i < from.size(), ErrorCode::kUnsupported, "axis {} is kept, but there are {}", i,
            from.size());
    dims[i] = from[i];
  }
  at.set(node, reshaped(x, dims));
}

void flatten(Raise& at, const OnnxNode& node) {
  const View x = at.view(node, 0);
  const auto rank = static_cast<std::int64_t>(x.axes.size());
  std::int64_t axis = attribute_or(node, "axis", std::int64_t{1});
  if (axis < 0) axis += rank;
  graph::DimShape dims(2, graph::Dim(1));
  const graph::DimShape from = shape_of(x);
  for (std::int64_t i = 0; i < rank; ++i) {
    graph::Dim& side = dims[i < axis ? 0 : 1];
    side = side * from[static_cast<std::size_t>(i)];
  }
  at.set(node, reshaped(x, dims));
}

/// Integers pass through changes of rank.
bool pass_lengths(Raise& at, const OnnxNode& node, bool is_scalar) {
  auto lengths = lengths_of(at.input(node, 0));
  if (!lengths || lengths->dims.size() != 1) return false;
  lengths->is_scalar = is_scalar;
  at.set(node, *lengths);
  return true;
}

void unsqueeze(Raise& at, const OnnxNode& node) {
  if (pass_lengths(at, node, false)) return;
  const auto axes = at.integers(node, 1, "axes");
  require(axes.has_value(), ErrorCode::kUnsupported, "it has no axes");
  if (const Tensor* tensor = at.constant(node, 0)) {
    Shape shape = tensor->shape();
    for (std::int64_t axis : *axes)
      shape.insert(
          shape.begin() + (axis < 0 ? axis + static_cast<std::int64_t>(shape.size()) + 1 : axis),
          1);
    return at.set(node, tensor->reshaped(shape));
  }
  if (std::holds_alternative<Zeros>(at.input(node, 0))) return same(at, node);
  at.set(node, unsqueezed(at.view(node, 0), *axes));
}

void squeeze(Raise& at, const OnnxNode& node) {
  if (pass_lengths(at, node, true)) return;
  at.set(node, squeezed(at.view(node, 0),
                        at.integers(node, 1, "axes").value_or(std::vector<std::int64_t>{})));
}

void concat(Raise& at, const OnnxNode& node) {
  Lengths joined;
  bool are_lengths = true;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const auto part = lengths_of(at.input(node, i));
    are_lengths = are_lengths && part.has_value();
    if (part) joined.dims.insert(joined.dims.end(), part->dims.begin(), part->dims.end());
  }
  if (are_lengths) return at.set(node, joined);
  std::vector<graph::ValueId> parts;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) parts.push_back(at.value(node, i));
  if (parts.size() == 1) return same(at, node);
  at.emit(node, graph::Concat{static_cast<int>(attribute_or(node, "axis", std::int64_t{-1}))},
          parts);
}

}  // namespace

Follow follow_layout(std::string_view op) {
  static const std::map<std::string_view, Follow> kFollow{
      {"Identity", same},       {"Dropout", same},        {"Cast", cast},
      {"Transpose", transpose}, {"Reshape", reshape},     {"Flatten", flatten},
      {"Squeeze", squeeze},     {"Unsqueeze", unsqueeze}, {"Concat", concat}};
  const auto found = kFollow.find(op);
  return found == kFollow.end() ? nullptr : found->second;
}

}  // namespace nest::exports
