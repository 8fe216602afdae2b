#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nest/io/recording.h"

namespace nest::io {

/// True for .edf and .npy: what write_recording() writes.
bool can_write_recording(const std::filesystem::path& path);

/// Writes a recording in the format that the extension names; atomic. Returns what could not be
/// written as it was (see write_edf()).
/// Errors: InvalidArgument for another extension; those of write_edf() and write_npy().
std::vector<std::string> write_recording(const std::filesystem::path& path,
                                         const Recording& recording);

}  // namespace nest::io
