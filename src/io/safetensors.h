#pragma once

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/io/checkpoint.h"

namespace nest::io {

/// Content of a safetensors file: named tensors, and a flat map of texts.
struct Safetensors {
  TensorMap tensors;
  std::vector<UnreadTensor> unread;  ///< of types that are not computed with
  std::map<std::string, std::string, std::less<>> metadata;
};

/// Reads a safetensors file; tensors point into the mapped file.
///
/// Refuses a header above 16 MiB, duplicate names, unknown keys, ranges that overlap, leave gaps or
/// do not fit their shape, and bytes behind the last tensor.
/// Errors: NotFound, Io, DataCorrupt, Unsupported.
/// Source: github.com/huggingface/safetensors, README "Format".
Safetensors read_safetensors(const std::filesystem::path& path);
/// The same from memory. `owner` keeps `file` alive for the tensors; null: every tensor is copied.
Safetensors parse_safetensors(std::span<const std::byte> file, std::shared_ptr<const void> owner);

/// Writes tensors by falling element size, then name (so that all are aligned); atomic on a path.
void write_safetensors(const std::filesystem::path& path, const Safetensors& content);
void write_safetensors(std::ostream& out, const Safetensors& content);

/// A checkpoint as safetensors: the config and every extra entry are JSON texts in the metadata,
/// extra tensors are named "extra_tensors.<name>". Round trips are bit-equal.
Safetensors to_safetensors(const Checkpoint& checkpoint);
Checkpoint from_safetensors(Safetensors content);

/// A file for content that is small: two zlib streams as the tensors "zlib.0" (length and header)
/// and "zlib.1" (data), which one behind the other are the safetensors file of `content`.
Safetensors packed(const Safetensors& content);
/// The inverse; content that is not packed stays as it is. Errors: DataCorrupt.
Safetensors unpacked(Safetensors content);

}  // namespace nest::io
