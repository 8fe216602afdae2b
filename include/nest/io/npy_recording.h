#pragma once

#include <filesystem>
#include <memory>

#include "nest/io/recording.h"

namespace nest::io {

/// An .npy array [channels, samples], or [trials, channels, samples] with every trial a segment.
///
/// The file states neither names, unit nor rate: channel names and units are "", the rate is
/// options.rate_hz. Errors: DataCorrupt, Unsupported for other shapes and element types.
std::shared_ptr<const Recording> open_npy_recording(const std::filesystem::path& path,
                                                    const OpenOptions& options = {});

/// Writes all samples as float32 (or float64) [channels, samples]; atomic, memory flat.
void write_npy(const std::filesystem::path& path, const Recording& recording,
               DType dtype = DType::kF32);

}  // namespace nest::io
