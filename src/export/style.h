#pragma once

#include <map>
#include <string>

#include "nest/export/model_exporter.h"
#include "onnx_model.h"

namespace nest::exports {

/// Renames the ports of an encoder, predictor or joiner (and their steps) as a toolkit calls them,
/// leaves out what it does not have, and adds its metadata. Other graphs keep their names. Returns
/// the new names by the old ones.
/// Errors: Unsupported for a style other than our own of a model that is no transducer.
std::map<std::string, std::string> apply_style(OnnxStyle style, const graph::Model& model,
                                               const graph::Graph& graph, OnnxModel& onnx);

}  // namespace nest::exports
