#pragma once

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <span>

#include "nest/core/options_fwd.h"
#include "nest/io/checkpoint.h"

namespace nest::io {

struct PytorchReadOptions {
  bool verify_checksums = true;  ///< of every tensor; reads the whole file once
};
void visit_fields(FieldVisitor& visitor, PytorchReadOptions& options);

/// Reads what torch.save wrote (zip format, pickle protocol 2 to 5) without Python.
///
/// Accepts {'model_state_dict' or 'state_dict': ..., 'model_config': ..., ...} and a bare state
/// dict. The pickle is never executed: only OrderedDict, tensors and plain values are understood.
/// Objects of any other class stay names: an error where a state dict is needed, else a warning.
/// Integers beyond 64 bits are texts of their digits, tensors of other types Checkpoint::unread.
/// Tensors that are contiguous and stored uncompressed point into the
/// mapped file; others are copied. Memory and time are linear in the size of the file.
/// Errors: NotFound, Io; DataCorrupt; Unsupported naming the refused opcode.
Checkpoint read_pytorch(const std::filesystem::path& path, const PytorchReadOptions& options = {});
/// The same from memory. `owner` keeps `file` alive for the tensors; null: every tensor is copied.
Checkpoint parse_pytorch(std::span<const std::byte> file, std::shared_ptr<const void> owner,
                         const PytorchReadOptions& options = {});

/// Writes a file that Python's torch.load reads (1.6 and later, also with weights_only=True):
/// {'model_state_dict': OrderedDict, 'model_config': dict, 'extra_tensors': dict, ...extra}.
///
/// Tensor data is aligned to 64 bytes; the same checkpoint gives the same bytes.
/// Errors: Io; InvalidArgument if `extra` uses one of the keys above.
void write_pytorch(const std::filesystem::path& path, const Checkpoint& checkpoint);
void write_pytorch(std::ostream& out, const Checkpoint& checkpoint);

}  // namespace nest::io
