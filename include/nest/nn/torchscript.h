#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "nest/graph/model.h"

// Free of LibTorch, so that the command line can offer it without its headers.
namespace nest::nn {

/// What exports::register_torchscript() takes: traces one graph in evaluation mode and float32 over
/// examples[0], freezes the trace, compares it with the graph over all examples, and writes it.
///
/// forward() takes the example's inputs in the graph's order and returns the outputs in the graph's
/// order, one alone or a tuple. `description` lies in the file as the extra file "nest.json".
/// Returns the nodes of the frozen graph. Atomic.
/// Errors: NotFound for the graph; InvalidArgument for inputs that do not fit; Internal with
/// LibTorch's words, or naming the output that differs; Io.
std::int64_t write_torchscript(const graph::Model& model, const std::string& graph,
                               const std::vector<TensorMap>& examples,
                               const std::string& description, const std::filesystem::path& path);

}  // namespace nest::nn
