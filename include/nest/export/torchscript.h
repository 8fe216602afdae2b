#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "nest/graph/model.h"

namespace nest::exports {

/// Traces a graph over examples[0], compares the trace with the graph over all of them, writes it
/// with `description` inside, and returns its nodes.
using TorchScriptWriter = std::function<std::int64_t(
    const graph::Model& model, const std::string& graph, const std::vector<TensorMap>& examples,
    const std::string& description, const std::filesystem::path& path)>;

/// What ModelExporter::export_torchscript() writes with: a program that links LibTorch gives it
/// nn::write_torchscript(). State: thread-safe.
void register_torchscript(TorchScriptWriter writer);

}  // namespace nest::exports
