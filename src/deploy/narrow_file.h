#pragma once

#include <optional>
#include <string_view>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/core/tensor.h"
#include "nest/graph/model.h"

/// What makes the .safetensors file of a quantized model small.
namespace nest::deploy {

/// The same config; with the model_name that its parts tell if it has neither that nor a `type`.
Config named_config(const Config& model_config);
/// The model that the constructor arguments alone give, without weights; nothing if they give none.
std::optional<graph::Model> built_by_config(const graph::Model& model);

/// The weights of a model as its file holds them: those of graph::narrow_weights() as bytes
/// [rows, row_bytes()], or as floats of 16 bits; others as halves where those are equal. Left out
/// is what follows from graph and constructor arguments: positional tables, fixed filter banks.
TensorMap narrowed(const graph::Model& model);
/// The inverse for weights from a file, of a model that has its graphs and quantization: bytes
/// become the float32 that they stand for, and what was left out is made. Of a file whose
/// `code_rows` are not the present ones int4 layers become int8 (graph/old_code_rows.h). Errors:
/// DataCorrupt naming a tensor of another size; Unsupported for rows of a later version.
void widen(TensorMap& weights, graph::Model& model, std::int64_t code_rows);

/// An entry of a file's metadata; files of earlier programs have it as base64 of a zlib stream.
/// Errors: DataCorrupt.
Json unpacked_entry(const Json& entry, std::string_view name);

}  // namespace nest::deploy
