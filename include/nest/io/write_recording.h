#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/io/recording.h"

namespace nest::io {

/// True for .edf and .npy: what write_recording() writes.
bool can_write_recording(const std::filesystem::path& path);

/// Writes a recording in the format that the extension names; atomic. Returns what could not be
/// written as it was (see write_edf()).
/// Errors: InvalidArgument for another extension; those of write_edf() and write_npy().
std::vector<std::string> write_recording(const std::filesystem::path& path,
                                         const Recording& recording);

/// What convert_recording() read and wrote.
struct ConvertedRecording {
  std::filesystem::path in;
  std::filesystem::path out;
  RecordingInfo info;                 ///< of the original
  std::vector<std::string> warnings;  ///< the original's, and what could not be written as it was
};
Json to_json(const ConvertedRecording& converted);
std::string converted_text(const ConvertedRecording& converted);

/// A recording in another format. Errors: those of open_recording() and write_recording();
/// DataCorrupt with `options.strict` if something cannot be written as it was.
ConvertedRecording convert_recording(const std::filesystem::path& in,
                                     const std::filesystem::path& out,
                                     const OpenOptions& options = {});

}  // namespace nest::io
