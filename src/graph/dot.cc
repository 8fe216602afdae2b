#include <map>

#include "nest/core/error.h"
#include "nest/graph/graph.h"

namespace nest::graph {

namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

/// Fill by what a node does, so that the structure shows at a glance.
std::string_view color_of(std::string_view kind) {
  if (kind == "conv") return "#cfe2f3";
  if (kind == "linear" || kind == "embedding") return "#d9ead3";
  if (kind == "lstm" || kind == "gru") return "#fce5cd";
  if (kind.ends_with("attention")) return "#ead1dc";
  if (kind.ends_with("norm")) return "#fff2cc";
  return "#f3f3f3";
}

/// Module path without its last part: what nodes are grouped by.
std::string module_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

std::string node_line(const Node& node, std::size_t index) {
  const std::string attributes = attributes_text(node.op);
  const std::string_view kind = kind_name(node.op);
  const std::string module = module_of(node.name);
  const std::string name = module.empty() ? node.name : node.name.substr(module.size() + 1);
  return fmt::format("n{} [label=\"{}\\n{}{}{}\", fillcolor=\"{}\"];\n", index, escaped(name), kind,
                     attributes.empty() ? "" : "\\n", escaped(attributes), color_of(kind));
}

}  // namespace

std::string to_dot(const Graph& graph) {
  std::string text = fmt::format("digraph \"{}\" {{\n", escaped(graph.name));
  text +=
      "  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", "
      "fontsize=10];\n";
  text += "  edge [fontname=\"Helvetica\", fontsize=8, color=\"#666666\"];\n";
  std::map<ValueId, std::string> source;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const Port& port = graph.inputs[i];
    source[port.value] = fmt::format("i{}", i);
    text += fmt::format("  i{} [label=\"{}\", shape=ellipse, fillcolor=white{}];\n", i,
                        escaped(port.name), port.is_optional ? ", style=\"dashed\"" : "");
  }
  std::map<std::string, std::string> clusters;  // nodes of one module in one frame
  std::vector<std::string> order;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const std::string module = module_of(graph.nodes[i].name);
    if (!clusters.contains(module)) order.push_back(module);
    clusters[module] += "    " + node_line(graph.nodes[i], i);
    for (const ValueId id : graph.nodes[i].outputs) source[id] = fmt::format("n{}", i);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i].empty()) {
      text += clusters[order[i]];
      continue;
    }
    text += fmt::format(
        "  subgraph cluster{} {{\n    label=\"{}\"; color=\"#bbbbbb\"; fontname=\"Helvetica\"; "
        "fontsize=10;\n{}  }}\n",
        i, escaped(order[i]), clusters[order[i]]);
  }
  const auto edge = [&](ValueId id, const std::string& target, std::string_view style) {
    return fmt::format("  {} -> {} [label=\"{}\"{}];\n", source[id], target,
                       escaped(to_string(graph.value(id).shape)), style);
  };
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const ValueId id : graph.nodes[i].inputs) {
      if (id != kNoValue) text += edge(id, fmt::format("n{}", i), "");
    }
  }
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const Port& port = graph.outputs[i];
    text += fmt::format("  o{} [label=\"{}\", shape=ellipse, fillcolor=\"#e6e6e6\"];\n", i,
                        escaped(port.name));
    text += edge(port.value, fmt::format("o{}", i), "");
    for (std::size_t j = 0; j < graph.inputs.size(); ++j) {
      if (!port.feeds.empty() && graph.inputs[j].name == port.feeds) {
        text += fmt::format("  o{} -> i{} [label=\"next step\", style=dashed, constraint=false];\n",
                            i, j);
      }
    }
  }
  return text + "}\n";
}

}  // namespace nest::graph
