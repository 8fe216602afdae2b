#pragma once

#include "nest/core/json.h"
#include "nest/graph/model.h"

namespace nest::graph {

/// A graph with every attribute, edge, shape and weight reference; rewritten graphs (folded,
/// pruned) are stored this way, since no configuration builds them.
Json to_json(const Graph& graph);
/// Inverse of to_json(); validated. Errors: DataCorrupt naming the node and the field.
Graph graph_from_json(const Json& json);

Json to_json(const Vocabulary& vocabulary);
Vocabulary vocabulary_from_json(const Json& json);

/// Everything of a model but its weights: name, family, config, graphs, signal, vocabulary.
Json to_json(const Model& model);
/// Inverse of to_json(); the weights are left empty. Errors: DataCorrupt.
Model model_from_json(const Json& json);

}  // namespace nest::graph
