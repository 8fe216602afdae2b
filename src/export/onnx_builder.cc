#include "onnx_builder.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/error.h"

namespace nest::exports {

namespace {

constexpr int kAxesOfSqueeze = 13;  // operator sets from which axes are an input
constexpr int kAxesOfSum = 13;
constexpr int kAxesOfMean = 18;
constexpr int kLengthsOfSplit = 13;

}  // namespace

OnnxAttribute attribute(std::string name, std::int64_t value) {
  return {std::move(name), value};
}
OnnxAttribute attribute(std::string name, std::vector<std::int64_t> values) {
  return {std::move(name), std::move(values)};
}
OnnxAttribute attribute(std::string name, std::string value) {
  return {std::move(name), std::move(value)};
}
OnnxAttribute attribute(std::string name, double value) {
  return {std::move(name), static_cast<float>(value)};
}

std::string OnnxBuilder::unique(const std::string& wanted) {
  return free_name(prefix_ + wanted);
}

std::string OnnxBuilder::free_name(const std::string& wanted) {
  std::string name = wanted;
  for (int count = 2; !taken_.insert(name).second; ++count)
    name = fmt::format("{}_{}", wanted, count);
  return name;
}

// --- constants ---

std::string OnnxBuilder::port(const std::string& wanted) {
  const std::string name = unique(wanted);
  fixed_.insert(name);
  return name;
}

std::string OnnxBuilder::constant(const std::string& name, Tensor values) {
  const auto [entry, is_new] = constants_.try_emplace(name, name);
  if (!is_new) return entry->second;
  entry->second = unique(name);
  fixed_.insert(entry->second);
  graph_.initializers.push_back({entry->second, std::move(values)});
  return entry->second;
}

std::string OnnxBuilder::weight(const std::string& name, const Tensor& values) {
  if (const auto known = constants_.find(name); known != constants_.end()) return known->second;
  const bool is_number = values.dtype() == DType::kF32 || values.dtype() == DType::kF64 ||
                         values.dtype() == DType::kF16 || values.dtype() == DType::kBF16;
  return constant(name, is_number ? values.to(dialect_.number) : values);
}

std::string OnnxBuilder::weight_as_is(const std::string& name, const Tensor& values) {
  return constant(name, values);
}

std::string OnnxBuilder::zero_code(std::uint8_t code) {
  return constant(fmt::format("code({})", code),
                  Tensor::from<std::uint8_t>({}, std::vector<std::uint8_t>{code}));
}

std::string OnnxBuilder::number(double value) {
  const Tensor single = Tensor::from<float>({}, std::vector<float>{static_cast<float>(value)});
  return constant(fmt::format("number({})", value), single.to(dialect_.number));
}

std::string OnnxBuilder::integers(const std::vector<std::int64_t>& values) {
  return constant(fmt::format("integers({})", fmt::join(values, ",")),
                  Tensor::from<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

std::string OnnxBuilder::integer(std::int64_t value) {
  return constant(fmt::format("integer({})", value),
                  Tensor::from<std::int64_t>({}, std::vector<std::int64_t>{value}));
}

// --- operators ---

Names OnnxBuilder::add_many(std::string_view op, Names inputs, const std::vector<bool>& wanted,
                            std::vector<OnnxAttribute> attributes) {
  while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
  OnnxNode node;
  node.op = op;
  node.name = unique(fmt::format("{}/{}", scope_, op));
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string edge = i == 0 ? node.name + ":0" : fmt::format("{}:{}", node.name, i);
    node.outputs.push_back(wanted[i] ? free_name(edge) : "");
  }
  Names outputs = node.outputs;
  while (!node.outputs.empty() && node.outputs.back().empty()) node.outputs.pop_back();
  graph_.nodes.push_back(std::move(node));
  return outputs;
}

std::string OnnxBuilder::add(std::string_view op, Names inputs,
                             std::vector<OnnxAttribute> attributes) {
  return add_many(op, std::move(inputs), {true}, std::move(attributes)).front();
}

std::string OnnxBuilder::with_axes(std::string_view op, const std::string& x,
                                   std::vector<std::int64_t> axes, int input_since,
                                   std::vector<OnnxAttribute> attributes) {
  if (dialect_.opset >= input_since) return add(op, {x, integers(axes)}, std::move(attributes));
  attributes.push_back(attribute("axes", std::move(axes)));
  return add(op, {x}, std::move(attributes));
}

std::string OnnxBuilder::unsqueeze(const std::string& x, std::vector<std::int64_t> axes) {
  return with_axes("Unsqueeze", x, std::move(axes), kAxesOfSqueeze, {});
}

std::string OnnxBuilder::squeeze(const std::string& x, std::vector<std::int64_t> axes) {
  return with_axes("Squeeze", x, std::move(axes), kAxesOfSqueeze, {});
}

std::string OnnxBuilder::mean_of_last_axis(const std::string& x) {
  return with_axes("ReduceMean", x, {-1}, kAxesOfMean, {attribute("keepdims", std::int64_t{1})});
}

std::string OnnxBuilder::sum(const std::string& x, std::int64_t axis) {
  return with_axes("ReduceSum", x, {axis}, kAxesOfSum, {attribute("keepdims", std::int64_t{1})});
}

std::string OnnxBuilder::transpose(const std::string& x, std::vector<std::int64_t> order) {
  return add("Transpose", {x}, {attribute("perm", std::move(order))});
}

std::string OnnxBuilder::reshape(const std::string& x, std::vector<std::int64_t> lengths) {
  return add("Reshape", {x, integers(lengths)});
}

std::string OnnxBuilder::concat(Names parts, std::int64_t axis) {
  if (parts.size() == 1) return parts.front();
  return add("Concat", std::move(parts), {attribute("axis", axis)});
}

Names OnnxBuilder::split(const std::string& x, std::int64_t axis,
                         const std::vector<std::int64_t>& lengths) {
  if (lengths.size() == 1) return {x};
  Names inputs{x};
  std::vector<OnnxAttribute> attributes{attribute("axis", axis)};
  if (dialect_.opset >= kLengthsOfSplit) {
    inputs.push_back(integers(lengths));
  } else {
    attributes.push_back(attribute("split", lengths));
  }
  return add_many("Split", std::move(inputs), std::vector<bool>(lengths.size(), true),
                  std::move(attributes));
}

std::string OnnxBuilder::slice(const std::string& x, std::int64_t axis, std::int64_t begin,
                               std::int64_t end) {
  return slice(x, axis, integers({begin}), integers({end}));
}

std::string OnnxBuilder::slice(const std::string& x, std::int64_t axis, const std::string& begin,
                               const std::string& end) {
  return add("Slice", {x, begin, end, integers({axis})});
}

std::string OnnxBuilder::cast(const std::string& x, DType dtype) {
  return add("Cast", {x}, {attribute("to", std::int64_t{onnx_type(dtype)})});
}

std::string OnnxBuilder::as_float(const std::string& x) {
  return dialect_.number == DType::kF32 ? x : cast(x, DType::kF32);
}

std::string OnnxBuilder::as_number(const std::string& x) {
  return dialect_.number == DType::kF32 ? x : cast(x, dialect_.number);
}

std::string OnnxBuilder::length(const std::string& x, std::int64_t axis) {
  return add("Gather", {add("Shape", {x}), integer(axis)}, {attribute("axis", std::int64_t{0})});
}

void OnnxBuilder::name_output(const std::string& value, const std::string& name) {
  const auto other = renamed_.find(value);
  const std::string edge = other == renamed_.end() ? value : other->second;
  const auto makes = [&](const OnnxNode& node) {
    return std::find(node.outputs.begin(), node.outputs.end(), edge) != node.outputs.end();
  };
  const auto maker = std::find_if(graph_.nodes.begin(), graph_.nodes.end(), makes);
  if (maker == graph_.nodes.end() || fixed_.contains(edge)) {
    add("Identity", {edge});
    graph_.nodes.back().outputs = {name};
    return;
  }
  std::replace(maker->outputs.begin(), maker->outputs.end(), edge, name);
  for (OnnxNode& node : graph_.nodes)
    std::replace(node.inputs.begin(), node.inputs.end(), edge, name);
  renamed_.emplace(value, name);
}

}  // namespace nest::exports
