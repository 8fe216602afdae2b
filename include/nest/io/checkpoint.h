#pragma once

#include <filesystem>

#include "nest/core/json.h"
#include "nest/core/tensor.h"

namespace nest::io {

/// What a weights file holds, whatever its format.
struct Checkpoint {
  TensorMap state_dict;     ///< weights by state-dict name; may point into the mapped file
  Json model_config;        ///< constructor arguments; null if the file has none
  Json extra;               ///< every other entry, by key; an empty object if there is none
  TensorMap extra_tensors;  ///< tensors of the entry "extra_tensors" (optimizer state and the like)
};

/// Reads a .pt, .pth, .ckpt, .bin (PyTorch) or .safetensors file; the content decides, not the
/// name. Errors: NotFound, Io, DataCorrupt, Unsupported.
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// Writes the format the extension names: .pt .pth .ckpt, or .safetensors; atomic.
/// Errors: InvalidArgument for another extension; Io.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

}  // namespace nest::io
