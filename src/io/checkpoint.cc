#include "nest/io/checkpoint.h"

#include <algorithm>

#include "io/bytes.h"
#include "io/pytorch.h"
#include "io/safetensors.h"
#include "nest/core/file.h"
#include "nest/io/packed_checkpoint.h"
#include "nest/io/zip.h"

namespace nest::io {
namespace {

/// Eight bytes of header length, then a JSON object.
bool is_safetensors(std::span<const std::byte> file) {
  return file.size() > 8 && file[8] == std::byte{'{'};
}

void require_read(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  for (const UnreadTensor& tensor : checkpoint.unread) {
    fail(ErrorCode::kUnsupported,
         "{}: tensor '{}' is of type {}, whose values were not read and cannot be written",
         path.string(), tensor.name, tensor.type);
  }
}

}  // namespace

Checkpoint read_checkpoint(const std::filesystem::path& path, const CheckpointOptions& options) {
  const auto file = MappedFile::open(path);
  const std::span<const std::byte> bytes = file->bytes();
  return with_context(path.string(), [&] {
    const bool is_named_safetensors = path.extension() == ".safetensors";
    const bool is_flat = !is_zip(bytes) && (is_named_safetensors || is_safetensors(bytes));
    Checkpoint checkpoint = is_flat ? from_safetensors(unpacked(parse_safetensors(bytes, file)))
                                    : parse_pytorch(bytes, file);
    require(!options.strict || checkpoint.warnings.empty(), ErrorCode::kDataCorrupt,
            "{} (`strict`)", fmt::join(checkpoint.warnings, "; "));
    return checkpoint;
  });
}

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  require_read(path, checkpoint);
  const std::string extension = path.extension().string();
  if (extension == ".safetensors") {
    write_safetensors(path, to_safetensors(checkpoint));
  } else if (extension == ".pt" || extension == ".pth" || extension == ".ckpt") {
    write_pytorch(path, checkpoint);
  } else {
    fail(ErrorCode::kInvalidArgument,
         "{}: weights are written as .pt, .pth, .ckpt or .safetensors, not '{}'", path.string(),
         extension);
  }
}

void write_packed_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  require_read(path, checkpoint);
  require(path.extension() == ".safetensors", ErrorCode::kInvalidArgument,
          "{}: packed weights are a .safetensors file", path.string());
  write_safetensors(path, packed(to_safetensors(checkpoint)));
}

}  // namespace nest::io
