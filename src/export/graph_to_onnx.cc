#include "graph_to_onnx.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dim_names.h"
#include "lowering.h"
#include "nest/core/error.h"

namespace nest::exports {

namespace {

/// The model's own quantization; that of a model without one is int8 for all. None unless int8 is
/// asked for.
std::optional<graph::Quantization> quantization_of(const graph::Model& model,
                                                   const OnnxOptions& options) {
  if (options.precision != graph::Precision::kInt8) return std::nullopt;
  graph::Quantization quantization = model.quantization;
  if (quantization.layers.empty()) quantization.precision = graph::Precision::kInt8;
  return quantization;
}

/// Lowers a graph node by node.
class GraphLowering {
 public:
  GraphLowering(const graph::Model& model, const graph::Graph& graph, const OnnxOptions& options)
      : model_(model),
        graph_(graph),
        options_(options),
        onnx_({options.opset,
               options.precision == graph::Precision::kFp16 ? DType::kF16 : DType::kF32}),
        edges_(graph.values.size()),
        uses_(graph.values.size(), 0),
        quantization_(quantization_of(model, options)) {}

  OnnxGraph run() {
    count_uses();
    check_kept();
    for (const graph::Port& port : graph_.outputs) onnx_.reserve(output_name(port));
    for (const graph::Port& port : graph_.inputs)
      if (is_kept(port)) onnx_.reserve(port.name);
    for (const graph::Port& port : graph_.inputs)
      if (is_kept(port)) add_input(port);
    for (const graph::Node& node : graph_.nodes) {
      with_context(
          fmt::format("graph '{}': node '{}' ({})", graph_.name, node.name, kind_name(node.op)),
          [&] { add_node(node); });
    }
    for (const graph::Port& port : graph_.outputs) add_output(port);
    onnx_.graph().name = graph_.name;
    return std::move(onnx_.graph());
  }

 private:
  static std::size_t at(graph::ValueId id) { return static_cast<std::size_t>(id); }
  std::string& edge(graph::ValueId id) { return edges_[at(id)]; }

  bool is_state(const graph::Port& input) const {
    return std::any_of(graph_.outputs.begin(), graph_.outputs.end(),
                       [&](const graph::Port& output) { return output.feeds == input.name; });
  }
  bool is_kept(const graph::Port& input) const {
    return !input.is_optional || is_state(input) ||
           std::find(options_.keep.begin(), options_.keep.end(), input.name) != options_.keep.end();
  }
  static std::string output_name(const graph::Port& port) {
    return port.feeds.empty() ? port.name : state_output(port.feeds);
  }
  bool is_half(const graph::Value& value) const {
    return value.dtype == DType::kF32 && onnx_.dialect().number == DType::kF16;
  }

  void count_uses() {
    for (const graph::Port& port : graph_.outputs) ++uses_[at(port.value)];
    for (const graph::Node& node : graph_.nodes)
      for (const graph::ValueId id : node.inputs)
        if (id != graph::kNoValue) ++uses_[at(id)];
  }

  /// Every input to keep is an optional one that something reads.
  void check_kept() const {
    for (const std::string& name : options_.keep) {
      const graph::Port& port = graph_.input(name);
      require(port.is_optional && uses_[at(port.value)] > 0, ErrorCode::kInvalidArgument,
              "graph '{}': `keep` is for optional inputs; '{}' {}", graph_.name, name,
              port.is_optional ? "is read by no node: the items of a batch have one length"
                               : "is always there");
    }
  }

  OnnxValue port_value(const std::string& name, const graph::Port& port) {
    const graph::Value& value = graph_.value(port.value);
    return {name, value.dtype, dims_.named(port.name, value.shape)};
  }

  void add_input(const graph::Port& port) {
    onnx_.graph().inputs.push_back(port_value(port.name, port));
    onnx_.set_scope(port.name);
    edge(port.value) =
        is_half(graph_.value(port.value)) ? onnx_.cast(port.name, DType::kF16) : port.name;
  }

  void add_output(const graph::Port& port) {
    const std::string name = output_name(port);
    onnx_.graph().outputs.push_back(port_value(name, port));
    onnx_.set_scope(name);
    const std::string& made = edge(port.value);
    onnx_.name_output(is_half(graph_.value(port.value)) ? onnx_.cast(made, DType::kF32) : made,
                      name);
  }

  /// An optional input may be missing only where the node can do without.
  void check_inputs(const graph::Node& node) {
    std::vector<const graph::Value*> values;
    for (const graph::ValueId id : node.inputs) {
      const bool is_absent = id == graph::kNoValue || edge(id).empty();
      values.push_back(is_absent ? nullptr : &graph_.value(id));
    }
    graph::infer(node.op, values);
  }

  void add_node(const graph::Node& node) {
    std::vector<bool> is_used;
    for (const graph::ValueId id : node.outputs) is_used.push_back(uses_[at(id)] > 0);
    if (std::find(is_used.begin(), is_used.end(), true) == is_used.end()) return;
    check_inputs(node);
    Names inputs;
    for (const graph::ValueId id : node.inputs)
      inputs.push_back(id == graph::kNoValue ? "" : edge(id));
    onnx_.set_scope(node.name);
    const Lowering lowering{
        onnx_,  model_, graph_, node, quantization_ ? &*quantization_ : nullptr, std::move(inputs),
        is_used};
    const Names outputs = std::visit([&](const auto& op) { return lower(lowering, op); }, node.op);
    for (std::size_t i = 0; i < outputs.size(); ++i) edge(node.outputs[i]) = outputs[i];
  }

  const graph::Model& model_;
  const graph::Graph& graph_;
  const OnnxOptions& options_;
  OnnxBuilder onnx_;
  DimNames dims_;
  Names edges_;  ///< by value; "" for an input that is left out
  std::vector<int> uses_;
  std::optional<graph::Quantization> quantization_;
};

}  // namespace

int ir_version_of(int opset) {
  struct Release {
    int opset;
    int ir_version;
  };
  constexpr int kOldest = 8;
  // ONNX's own table (onnx.helper.VERSION_TABLE of ONNX 1.23).
  constexpr Release kReleases[] = {{28, 14}, {25, 13}, {24, 12}, {23, 11}, {21, 10}, {19, 9}};
  for (const Release& release : kReleases)
    if (opset >= release.opset) return release.ir_version;
  return kOldest;
}

std::string state_output(std::string_view state) {
  return fmt::format("{}_out", state);
}

OnnxModel graph_to_onnx(const graph::Model& model, const graph::Graph& graph,
                        const OnnxOptions& options) {
  validate(options);
  OnnxModel onnx;
  onnx.ir_version = ir_version_of(options.opset);
  onnx.opsets[""] = options.opset;
  onnx.graph = GraphLowering(model, graph, options).run();
  return onnx;
}

}  // namespace nest::exports
