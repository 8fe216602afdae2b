#include "raise.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/ranges.h>

#include "nest/core/error.h"

namespace nest::exports {
namespace {

constexpr int kLeastOpsetRead = 7;
constexpr std::size_t kMostListed = 20;
constexpr std::int64_t kLongest = 1 << 24;  ///< of an input's axis

Follow find_follow(const OnnxNode& node) {
  if (!node.domain.empty()) return nullptr;
  for (const auto find : {follow_products, follow_recurrent, follow_rows, follow_activations,
                          follow_elementwise, follow_layout, follow_cuts, follow_lengths}) {
    if (const Follow follow = find(node.op)) return follow;
  }
  return nullptr;
}

}  // namespace

Raise::Raise(const OnnxModel& onnx, graph::Model& model, graph::Graph& graph)
    : onnx_(onnx), model_(model), graph_(graph) {
  for (const auto& [domain, version] : onnx.opsets) {
    if (domain.empty() || domain == "ai.onnx") opset_ = version;
  }
  require(opset_ >= kLeastOpsetRead, ErrorCode::kUnsupported,
          "the operator set is {}, the oldest that is read is {}; export the model anew", opset_,
          kLeastOpsetRead);
}

void Raise::begin() {
  for (const OnnxTensor& tensor : onnx_.graph.initializers) edges_[tensor.name] = tensor.values;
  for (const OnnxValue& value : onnx_.graph.outputs) outputs_.insert(value.name);
  for (const OnnxNode& node : onnx_.graph.nodes) {
    for (const std::string& input : node.inputs) readers_[input].push_back(&node);
  }
  static constexpr const char* kSymbols[] = {"T", "U", "K", "N"};
  std::map<std::string, std::string> symbols;  // by ONNX's name of the length
  std::size_t next = 0;
  for (const OnnxValue& value : onnx_.graph.inputs) {
    if (edges_.contains(value.name)) continue;  // a weight that may be overridden
    graph::DimShape shape;
    int time_axis = -1;
    for (std::size_t axis = 0; axis < value.shape.size(); ++axis) {
      if (const auto* length = std::get_if<std::int64_t>(&value.shape[axis])) {
        require(*length >= 1 && *length <= kLongest, ErrorCode::kUnsupported,
                "input '{}' has an axis of length {}; 1 to {} are read", value.name, *length,
                kLongest);
        shape.emplace_back(*length);
        continue;
      }
      const auto& name = std::get<std::string>(value.shape[axis]);
      std::string& symbol = symbols[name.empty() ? fmt::format("{} {}", value.name, axis) : name];
      if (symbol.empty()) {
        require(axis == 0 || next < std::size(kSymbols), ErrorCode::kUnsupported,
                "input '{}' has more open lengths than {}", value.name, std::size(kSymbols));
        symbol = axis == 0 ? "B" : kSymbols[next++];
      }
      if (symbol == "T" && time_axis < 0) time_axis = static_cast<int>(axis);
      shape.push_back(graph::Dim::symbol(symbol));
    }
    const DType dtype = value.dtype == DType::kF16 ? DType::kF32 : value.dtype;
    const graph::ValueId id = graph_.add_input(value.name, dtype, std::move(shape), time_axis);
    edges_[value.name] = whole_view(graph_, id);
  }
}

void Raise::follow(const OnnxNode& node) {
  const Follow follow = find_follow(node);
  const auto where =
      fmt::format("{} '{}'", node.domain.empty() ? node.op : node.domain + "." + node.op,
                  node.name.empty() ? node.outputs.at(0) : node.name);
  if (follow == nullptr) {
    uncovered_.push_back(where);
    return;
  }
  for (const std::string& name : node.inputs) {
    const auto found = edges_.find(name);
    if (!name.empty() && found != edges_.end() &&
        std::holds_alternative<std::monostate>(found->second))
      return;  // behind an operator that is not covered
  }
  try {
    follow(*this, node);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kDataCorrupt) throw;
    uncovered_.push_back(fmt::format("{} ({})", where, error.message()));
  } catch (const std::out_of_range&) {
    uncovered_.push_back(where + " (an axis, input or output is missing)");
  }
}

void Raise::end() {
  for (const OnnxValue& value : onnx_.graph.outputs) {
    const Edge& result = edge(value.name);
    OnnxNode reader;
    reader.name = value.name;
    reader.inputs = {value.name};
    require(!std::holds_alternative<Tensor>(result), ErrorCode::kUnsupported,
            "output '{}' is constant", value.name);
    std::string feeds;
    constexpr std::string_view kState = "_out";
    if (value.name.ends_with(kState)) {
      const std::string state = value.name.substr(0, value.name.size() - kState.size());
      const bool is_input = std::ranges::any_of(
          graph_.inputs, [&](const graph::Port& port) { return port.name == state; });
      if (is_input) feeds = state;
    }
    graph_.add_output(value.name, this->value(reader, 0), feeds);
  }
  for (graph::Port& port : graph_.inputs) {
    for (const graph::Port& out : graph_.outputs)
      port.is_optional = port.is_optional || out.feeds == port.name;
  }
}

void Raise::run() {
  begin();
  for (const OnnxNode& node : onnx_.graph.nodes) {
    require(!node.outputs.empty(), ErrorCode::kDataCorrupt, "operator {} '{}' has no output",
            node.op, node.name);
    for (const std::string& output : node.outputs) edges_.emplace(output, Edge());
    if (!skipped_.contains(&node)) follow(node);
  }
  if (!uncovered_.empty()) {
    const std::size_t shown = std::min(uncovered_.size(), kMostListed);
    fail(ErrorCode::kUnsupported,
         "{} operators are none of the node kinds here: {}{}; docs/convert.md says what is covered",
         uncovered_.size(),
         fmt::join(uncovered_.begin(), uncovered_.begin() + static_cast<std::ptrdiff_t>(shown),
                   "; "),
         shown < uncovered_.size() ? "; ..." : "");
  }
  end();
}

const Edge& Raise::edge(const std::string& name) const {
  const auto found = edges_.find(name);
  require(found != edges_.end(), ErrorCode::kDataCorrupt, "'{}' is read before anything gives it",
          name);
  return found->second;
}

const Edge& Raise::input(const OnnxNode& node, std::size_t index) const {
  require(has_input(node, index), ErrorCode::kUnsupported, "input {} is missing", index);
  return edge(node.inputs[index]);
}

graph::WeightRef Raise::add_weight(const std::string& node, std::string_view what, Tensor values) {
  std::string name = fmt::format("{}.{}", node, what);
  model_.weights.insert_or_assign(name, std::move(values));
  return {std::move(name)};
}

void Raise::emit(const OnnxNode& node, graph::Op op, std::vector<graph::ValueId> inputs,
                 std::vector<graph::WeightRef> weights) {
  std::string name = name_of(node);
  if (!weights.empty()) name = weights[0].name.substr(0, weights[0].name.rfind('.'));
  const auto made = graph_.add_node(name, std::move(op), std::move(inputs), std::move(weights));
  set(node, whole_view(graph_, made[0]));
}

const OnnxNode* Raise::only_reader(const std::string& edge) const {
  const auto found = readers_.find(edge);
  if (found == readers_.end() || found->second.size() != 1 || outputs_.contains(edge))
    return nullptr;
  return found->second.front();
}

}  // namespace nest::exports
