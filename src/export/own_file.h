#pragma once

#include <optional>

#include "nest/graph/model.h"
#include "onnx_model.h"

namespace nest::exports {

/// Metadata that holds a model's own graphs, config and contracts: what own_model() reads.
std::string own_description(const graph::Model& original, const graph::Graph& exported);

/// The model of a file that metadata_of() described and whose weights are float32, bit for bit.
///
/// Where each weight lies is found by lowering the graph again with weights that number themselves;
/// that the result is right, by lowering it once more with what was found and comparing.
/// Nothing if the file is not of that kind or was changed since. Errors: DataCorrupt for a
/// description that is none.
std::optional<graph::Model> own_model(const OnnxModel& onnx);

}  // namespace nest::exports
