#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nest/export/model_exporter.h"

namespace nest::exports {

/// What an exported graph says of itself and its model, by key; objects are JSON texts.
std::vector<std::pair<std::string, std::string>> metadata_of(const graph::Model& model,
                                                             const graph::Graph& graph,
                                                             graph::Precision precision);

/// SHA-256 over names, types, shapes and values of all weights.
std::string weights_sha256(const TensorMap& weights);

}  // namespace nest::exports
