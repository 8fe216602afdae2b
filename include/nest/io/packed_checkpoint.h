#pragma once

#include <filesystem>

#include "nest/io/checkpoint.h"

namespace nest::io {

/// Writes a .safetensors file that is small: its two tensors "zlib.0" and "zlib.1" are zlib streams
/// that one behind the other stand for the safetensors file of the checkpoint. read_checkpoint()
/// reads both kinds; atomic.
/// Errors: InvalidArgument for another extension; Unsupported naming a tensor that was not read;
/// Io.
void write_packed_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

}  // namespace nest::io
