#include "nest/io/npy_recording.h"

#include <algorithm>
#include <ostream>

#include "io/array_recording.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/npy.h"

namespace nest::io {
std::shared_ptr<const Recording> open_npy_recording(const std::filesystem::path& path,
                                                    const OpenOptions& options) {
  RecordingInfo info;
  info.format = "NPY";
  NpyFile file = NpyFile::open(path);
  return with_context(path.string(), [&] {
    return make_array_recording(std::move(info), std::move(file), options.rate_hz);
  });
}

void write_npy(const std::filesystem::path& path, const Recording& recording, DType dtype) {
  const RecordingInfo& info = recording.info();
  const auto rows = static_cast<std::int64_t>(info.channels.size());
  require(rows > 0 && info.num_samples > 0, ErrorCode::kInvalidArgument,
          "{}: nothing to write: {} channels, {} samples", path.string(), rows, info.num_samples);
  write_file_atomic(path, [&](std::ostream& out) {
    write_npy_header(out, dtype, {rows, info.num_samples});
    constexpr std::int64_t kBlock = 1 << 18;
    for (int channel = 0; channel < static_cast<int>(rows); ++channel) {
      for (std::int64_t at = 0; at < info.num_samples; at += kBlock) {
        const std::vector<int> pick = {channel};
        const Tensor block =
            recording.read(pick, at, std::min(kBlock, info.num_samples - at), dtype);
        out.write(static_cast<const char*>(block.raw()),
                  static_cast<std::streamsize>(block.nbytes()));
      }
    }
  });
}

}  // namespace nest::io
