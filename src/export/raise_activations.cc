#include <numbers>

#include "nest/core/error.h"
#include "raise.h"

/// Functions of one value.
namespace nest::exports {
namespace {

constexpr double kLeastOfLog = 1e-6;  // the contract of Activation::kLog

template <graph::Activation kFunction>
void activate(Raise& at, const OnnxNode& node) {
  at.emit(node, graph::Activate{kFunction}, {at.value(node, 0)});
}

void elu(Raise& at, const OnnxNode& node) {
  require(attribute_or(node, "alpha", 1.0) == 1, ErrorCode::kUnsupported, "its alpha is not 1");
  activate<graph::Activation::kElu>(at, node);
}

void gelu(Raise& at, const OnnxNode& node) {
  require(attribute_or(node, "approximate", std::string("none")) == "none", ErrorCode::kUnsupported,
          "it is the approximation by tanh");
  activate<graph::Activation::kGelu>(at, node);
}

void sigmoid(Raise& at, const OnnxNode& node) {
  if (const Part* slice = part_of(at.input(node, 0), Part::Kind::kSlice)) {
    Part part = *slice;
    part.kind = Part::Kind::kSigmoid;
    return at.set(node, part);
  }
  at.set(node, Part{Part::Kind::kSigmoid, at.view(node, 0)});
}

void erf(Raise& at, const OnnxNode& node) {
  Part part{Part::Kind::kErf, at.view(node, 0)};
  part.x.scale *= std::numbers::sqrt2;
  if (is_near(part.x.scale, 1)) part.x.scale = 1;
  at.set(node, part);
}

/// max(x, c): before a logarithm, or relu.
void clamped(Raise& at, const OnnxNode& node, std::size_t x, double least) {
  if (least == 0) {
    return at.emit(node, graph::Activate{graph::Activation::kRelu}, {at.value(node, x)});
  }
  require(is_near(least, kLeastOfLog), ErrorCode::kUnsupported, "it keeps values above {}", least);
  at.set(node, Part{Part::Kind::kClamped, at.view(node, x)});
}

void max(Raise& at, const OnnxNode& node) {
  for (const std::size_t index : {0U, 1U}) {
    if (const auto least = scalar_at(at, node, index)) return clamped(at, node, 1 - index, *least);
  }
  fail(ErrorCode::kUnsupported, "it is no maximum of a value and a constant");
}

void clip(Raise& at, const OnnxNode& node) {
  std::optional<double> least = scalar_at(at, node, 1), most = scalar_at(at, node, 2);
  if (find_attribute(node, "min") != nullptr) least = attribute_or(node, "min", 0.0);
  if (find_attribute(node, "max") != nullptr) most = attribute_or(node, "max", 0.0);
  require(least.has_value() && (!most || *most >= 3e38), ErrorCode::kUnsupported,
          "it has another bound than a lower one");
  clamped(at, node, 0, *least);
}

void logarithm(Raise& at, const OnnxNode& node) {
  const Part* part = part_of(at.input(node, 0), Part::Kind::kClamped);
  require(part != nullptr, ErrorCode::kUnsupported, "it is not of max(x, 1e-6)");
  at.emit(node, graph::Activate{graph::Activation::kLog}, {at.value(part->x, node)});
}

}  // namespace

Follow follow_activations(std::string_view op) {
  using graph::Activation;
  static const std::map<std::string_view, Follow> kFollow{{"Relu", activate<Activation::kRelu>},
                                                          {"Tanh", activate<Activation::kTanh>},
                                                          {"Elu", elu},
                                                          {"Gelu", gelu},
                                                          {"Sigmoid", sigmoid},
                                                          {"Erf", erf},
                                                          {"Max", max},
                                                          {"Clip", clip},
                                                          {"Log", logarithm}};
  const auto found = kFollow.find(op);
  return found == kFollow.end() ? nullptr : found->second;
}

}  // namespace nest::exports
