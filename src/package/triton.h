#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nest/graph/model.h"

namespace nest::package {

/// Writes a model's exported graphs as models of a Triton Inference Server, each a folder with
/// config.pbtxt and 1/model.onnx that replaces an older one of its name, atomic; other folders of
/// the repository stay. Returns their names:
///
///   NAME                 the whole model, batched by the server; of models of several graphs
///                        NAME_encoder, NAME_joiner, ...
///   NAME_step            new samples to new outputs, if the model streams: one sequence a stream,
///                        whose states the server keeps (sequence batcher)
///   NAME_preprocessing   raw samples [rows, samples] to what the others take
///
/// Errors: those of exports::ModelExporter::export_onnx; InvalidArgument for a folder in the way
/// that is no model of Triton; Io.
std::vector<std::string> write_triton_models(const graph::Model& model,
                                             const std::filesystem::path& repository,
                                             const std::string& name, int opset);

}  // namespace nest::package
