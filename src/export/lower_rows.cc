#include <cmath>
#include <numbers>

#include "lowering.h"

/// Element by element and row by row.
namespace nest::exports {

namespace {

constexpr int kLayerNormSince = 17;

/// x * Phi(x), as PyTorch's exporter writes it: ONNX Runtime knows the pattern and fuses it.
std::string gelu(OnnxBuilder& onnx, const std::string& x) {
  const std::string scaled = onnx.add("Div", {x, onnx.number(std::numbers::sqrt2)});
  const std::string phi = onnx.add("Add", {onnx.add("Erf", {scaled}), onnx.number(1)});
  return onnx.add("Mul", {onnx.add("Mul", {x, phi}), onnx.number(0.5)});
}

std::string activated(OnnxBuilder& onnx, graph::Activation function, const std::string& x) {
  constexpr double kLeastOfLog = 1e-6;  // the contract of Activation::kLog
  switch (function) {
    case graph::Activation::kElu:
      return onnx.add("Elu", {x});
    case graph::Activation::kRelu:
      return onnx.add("Relu", {x});
    case graph::Activation::kGelu:
      return gelu(onnx, x);
    case graph::Activation::kSilu:
      return onnx.add("Mul", {x, onnx.add("Sigmoid", {x})});
    case graph::Activation::kTanh:
      return onnx.add("Tanh", {x});
    case graph::Activation::kSigmoid:
      return onnx.add("Sigmoid", {x});
    case graph::Activation::kSquare:
      return onnx.add("Mul", {x, x});
    case graph::Activation::kLog:
      break;
  }
  return onnx.add("Log", {onnx.add("Max", {x, onnx.number(kLeastOfLog)})});
}

}  // namespace

Names lower(const Lowering& at, const graph::Activate& op) {
  return {activated(at.onnx, op.function, at.x())};
}

Names lower(const Lowering& at, const graph::Glu& op) {
  const std::int64_t axis = op.axis < 0 ? op.axis + at.rank() : op.axis;
  const std::int64_t half = at.value(0).shape[static_cast<std::size_t>(axis)].constant() / 2;
  const Names halves = at.onnx.split(at.x(), axis, {half, half});
  return {at.onnx.add("Mul", {halves[0], at.onnx.add("Sigmoid", {halves[1]})})};
}

/// Nothing at all: an export runs, it does not train.
Names lower(const Lowering& at, const graph::Dropout& /*op*/) {
  return {at.x()};
}

Names lower(const Lowering& at, const graph::LayerNorm& op) {
  OnnxBuilder& onnx = at.onnx;
  const std::string gain = at.weight_edge(0), bias = at.weight_edge(1);
  if (onnx.dialect().opset >= kLayerNormSince) {
    return {onnx.add("LayerNormalization", {at.x(), gain, bias},
                     {attribute("axis", std::int64_t{-1}), attribute("epsilon", op.eps)})};
  }
  const std::string centred = onnx.add("Sub", {at.x(), onnx.mean_of_last_axis(at.x())});
  const std::string variance = onnx.mean_of_last_axis(onnx.add("Mul", {centred, centred}));
  const std::string deviation =
      onnx.add("Sqrt", {onnx.add("Add", {variance, onnx.number(op.eps)})});
  const std::string normed = onnx.add("Div", {centred, deviation});
  return {onnx.add("Add", {onnx.add("Mul", {normed, gain}), bias})};
}

Names lower(const Lowering& at, const graph::LogSoftmax& /*op*/) {
  return {at.onnx.add("LogSoftmax", {at.x()}, {attribute("axis", std::int64_t{-1})})};
}

Names lower(const Lowering& at, const graph::Softmax& /*op*/) {
  return {at.onnx.add("Softmax", {at.x()}, {attribute("axis", std::int64_t{-1})})};
}

Names lower(const Lowering& at, const graph::Add& /*op*/) {
  return {at.onnx.add("Add", {at.input(0), at.input(1)})};
}

Names lower(const Lowering& at, const graph::Mul& /*op*/) {
  return {at.onnx.add("Mul", {at.input(0), at.input(1)})};
}

Names lower(const Lowering& at, const graph::Scale& op) {
  return {at.onnx.add("Mul", {at.x(), at.onnx.number(op.factor)})};
}

}  // namespace nest::exports
