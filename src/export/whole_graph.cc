#include "whole_graph.h"

namespace nest::exports {

graph::Graph whole_ctc_graph(const graph::Model& model) {
  graph::Graph whole = model.graph("encoder");
  const graph::Graph& head = model.graph("ctc_head");
  whole.name = "model";
  for (graph::Port& port : whole.inputs) {
    if (port.name != "eeg_data") continue;
    port.name = "signal";
    whole.values[static_cast<std::size_t>(port.value)].name = port.name;
  }
  std::vector<graph::ValueId> made(head.values.size(), graph::kNoValue);
  const auto made_of = [&](graph::ValueId id) -> graph::ValueId& {
    return made[static_cast<std::size_t>(id)];
  };
  made_of(head.input("encoder_output").value) = whole.output("encoder_output").value;
  for (const graph::Node& node : head.nodes) {
    std::vector<graph::ValueId> inputs;
    for (const graph::ValueId id : node.inputs)
      inputs.push_back(id == graph::kNoValue ? id : made_of(id));
    const auto outputs = whole.add_node(node.name, node.op, std::move(inputs), node.weights);
    for (std::size_t i = 0; i < outputs.size(); ++i) made_of(node.outputs[i]) = outputs[i];
  }
  whole.outputs.clear();
  for (const graph::Port& port : head.outputs) whole.add_output(port.name, made_of(port.value));
  validate(whole, &model.weights);
  return whole;
}

}  // namespace nest::exports
