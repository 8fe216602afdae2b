#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/core/tensor.h"

namespace nest::io {

/// A tensor of the file whose values are not here: its element type is not computed with.
struct UnreadTensor {
  std::string name;
  std::string type;  ///< as the file calls it: "F8_E4M3", "uint16"
  Shape shape;
};

/// What a weights file holds, whatever its format. Names and texts are UTF-8.
struct Checkpoint {
  TensorMap state_dict;     ///< weights by state-dict name; may point into the mapped file
  Json model_config;        ///< constructor arguments; null if the file has none
  Json extra;               ///< every other entry, by key; an empty object if there is none
  TensorMap extra_tensors;  ///< tensors of the entry "extra_tensors" (optimizer state and the like)
  std::vector<UnreadTensor> unread;   ///< of the state dict
  std::vector<std::string> warnings;  ///< what was left out or is here as a text only, and where
};

struct CheckpointOptions {
  bool strict = false;  ///< any of Checkpoint::warnings is an error
};

/// Reads a .pt, .pth, .ckpt, .bin (PyTorch) or .safetensors file; the content decides, not the
/// name. What is sound is read, whatever stands beside it.
/// Errors: NotFound, Io, DataCorrupt, Unsupported; with `strict` DataCorrupt for any warning.
Checkpoint read_checkpoint(const std::filesystem::path& path,
                           const CheckpointOptions& options = {});

/// Writes the format the extension names: .pt .pth .ckpt, or .safetensors; atomic.
/// Errors: InvalidArgument for another extension; Unsupported naming a tensor that was not read;
/// Io.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

}  // namespace nest::io
