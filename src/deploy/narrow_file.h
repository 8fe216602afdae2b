#pragma once

#include <string_view>

#include "nest/core/json.h"
#include "nest/core/tensor.h"
#include "nest/graph/model.h"

/// What makes the .safetensors file of a quantized model small.
namespace nest::deploy {

/// The weights of a model as its file holds them: those of graph::narrow_weights() as bytes
/// [rows, row_bytes()], or as floats of 16 bits; the rest as they are. Positional tables that
/// follow from the graph are left out.
TensorMap narrowed(const graph::Model& model);
/// The inverse for weights from a file, of a model that has its graphs and quantization: bytes
/// become the float32 that they stand for, and tables that were left out are made. Of a file whose
/// `code_rows` are not the present ones int4 layers become int8 (graph/old_code_rows.h). Errors:
/// DataCorrupt naming a tensor of another size; Unsupported for rows of a later version.
void widen(TensorMap& weights, graph::Model& model, std::int64_t code_rows);

/// An entry of the file's metadata as base64 of a zlib stream.
Json packed_entry(const Json& entry);
/// The inverse; an entry that was not packed stays as it is. Errors: DataCorrupt.
Json unpacked_entry(const Json& entry, std::string_view name);

}  // namespace nest::deploy
