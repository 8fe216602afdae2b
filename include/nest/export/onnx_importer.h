#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "nest/graph/model.h"

namespace nest::exports {

/// What an ONNX file does not say.
struct ImportOptions {
  /// kBlock: one graph named "block". kCtc: the last linear layer and what follows become the graph
  /// "ctc_head", all before it "encoder", so that the model decodes and streams like others here.
  graph::Family family = graph::Family::kBlock;
};

/// A model from an ONNX file made of operators that the node kinds here cover: convolutions, batch
/// and layer norm, pooling, LSTM, GRU, linear layers, attention without a mask as PyTorch exports
/// it, embeddings, activations, and what moves axes between them.
///
/// A file that ModelExporter wrote in fp32 gives the model back bit for bit: its graphs as they
/// were, not what their operators look like. A whole CTC model, a language model or a block is
/// complete; any other graph alone is a model of that one graph. Errors: NotFound, Io; DataCorrupt;
/// Unsupported with one list of the operators that are not covered and where they stand.
graph::Model import_onnx(const std::filesystem::path& path, const ImportOptions& options = {});

/// The same from bytes; `name` is that of the model. What a file says of itself is not looked at.
graph::Model import_onnx_operators(std::span<const std::byte> bytes, const std::string& name,
                                   const ImportOptions& options = {});

/// True if the file's name ends in .onnx.
bool is_onnx_name(const std::filesystem::path& path);

}  // namespace nest::exports
