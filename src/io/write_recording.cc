#include "nest/io/write_recording.h"

#include "nest/core/error.h"
#include "nest/io/edf.h"
#include "nest/io/npy_recording.h"

namespace nest::io {

bool can_write_recording(const std::filesystem::path& path) {
  return path.extension() == ".edf" || path.extension() == ".npy";
}

std::vector<std::string> write_recording(const std::filesystem::path& path,
                                         const Recording& recording) {
  require(can_write_recording(path), ErrorCode::kInvalidArgument,
          "{}: {} recordings are written as .edf or .npy, not as '{}'", path.string(),
          recording.info().format, path.extension().string());
  if (path.extension() == ".edf") return write_edf(path, recording);
  write_npy(path, recording);
  return {};
}

}  // namespace nest::io
