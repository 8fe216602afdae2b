#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/io/write_recording.h"

namespace nest::io {

ConvertedRecording convert_recording(const std::filesystem::path& in,
                                     const std::filesystem::path& out, const OpenOptions& options) {
  const auto recording = open_recording(in, options);
  ConvertedRecording converted{in, out, recording->info(), recording->info().warnings};
  for (std::string& loss : write_recording(out, *recording)) {
    require(!options.strict, ErrorCode::kDataCorrupt, "{}: {} (`strict`)", out.string(), loss);
    converted.warnings.push_back(std::move(loss));
  }
  return converted;
}

Json to_json(const ConvertedRecording& converted) {
  const RecordingInfo& info = converted.info;
  return {{"in", converted.in.string()},
          {"out", converted.out.string()},
          {"from", info.format},
          {"channels", info.channels.size()},
          {"samples", info.num_samples},
          {"rate_hz", info.rate_hz},
          {"annotations", info.annotations.size()},
          {"segments", info.segments.size()},
          {"warnings", converted.warnings}};
}

std::string converted_text(const ConvertedRecording& converted) {
  const RecordingInfo& info = converted.info;
  return fmt::format("{}: {} channels, {} samples, {} annotations, from {}\n",
                     converted.out.string(), info.channels.size(), info.num_samples,
                     info.annotations.size(), info.format);
}

}  // namespace nest::io
