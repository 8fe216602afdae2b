#pragma once

#include "nest/export/model_exporter.h"
#include "onnx_model.h"

namespace nest::exports {

/// A graph of a model as ONNX, without metadata. Errors: as ModelExporter::export_onnx().
OnnxModel graph_to_onnx(const graph::Model& model, const graph::Graph& graph,
                        const OnnxOptions& options);

/// IR version that ONNX released an operator set with; 8 for those before opset 19.
int ir_version_of(int opset);

/// Name of the output that a state input takes in the next step.
std::string state_output(std::string_view state);

}  // namespace nest::exports
