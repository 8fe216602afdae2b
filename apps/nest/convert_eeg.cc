#include "convert_eeg.h"

#include <filesystem>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/io/edf.h"
#include "nest/io/npy_recording.h"

namespace nest {

void register_flags(Flags& flags, ConvertEegOptions& options) {
  flags.group("EEG recordings");
  flags.add("stream", options.stream, "which part of the input (see nest inspect)");
  flags.add("rate", options.rate_hz, "sampling rate of an input that states none [Hz]");
  flags.add("allow-truncated", options.allow_truncated, "read the complete part of a cut-off file");
}

bool is_eeg_conversion(const std::string& in, const std::string& out) {
  const auto target = std::filesystem::path(out).extension();
  const bool is_written = target == ".edf" || target == ".npy";
  const std::string format = io::recording_format(in);
  require(is_written || format.empty(), ErrorCode::kInvalidArgument,
          "{}: {} recordings are written as .edf or .npy, not as '{}'", in, format,
          target.string());
  return is_written && !format.empty();
}

Json convert_eeg(const std::string& in, const std::string& out, const ConvertEegOptions& options) {
  io::OpenOptions open;
  open.stream = options.stream;
  open.rate_hz = options.rate_hz;
  open.allow_truncated = options.allow_truncated;
  const auto recording = io::open_recording(in, open);
  const io::RecordingInfo& info = recording->info();
  if (std::filesystem::path(out).extension() == ".edf") {
    io::write_edf(out, *recording);
  } else {
    io::write_npy(out, *recording);
  }
  Json report;
  report["in"] = in;
  report["out"] = out;
  report["from"] = info.format;
  report["channels"] = info.channels.size();
  report["samples"] = info.num_samples;
  report["rate_hz"] = info.rate_hz;
  report["annotations"] = info.annotations.size();
  report["segments"] = info.segments.size();
  report["warnings"] = info.warnings;
  return report;
}

}  // namespace nest
