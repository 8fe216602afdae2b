#pragma once

#include <filesystem>
#include <memory>

#include "nest/io/recording.h"

namespace nest::io {

/// An .npy array [channels, samples], or [trials, channels, samples] with every trial a segment.
///
/// The file states neither names, unit nor rate: channel names and units are "", the rate is
/// options.rate_hz. Errors: DataCorrupt for other shapes and for booleans; Unsupported for element
/// types that are not read.
std::shared_ptr<const Recording> open_npy_recording(const std::filesystem::path& path,
                                                    const OpenOptions& options = {});

/// One such array of an .npz archive: options.stream names it, without a name it is the largest;
/// the others are RecordingInfo::other_streams. The rate is options.rate_hz or an array of one
/// number named fs, srate, sfreq, rate or sampling_rate. Uncompressed arrays (numpy.savez) are read
/// where they lie. Errors: NotFound that lists the arrays; DataCorrupt, Unsupported as for .npy.
std::shared_ptr<const Recording> open_npz_recording(const std::filesystem::path& path,
                                                    const OpenOptions& options = {});

/// Writes all samples as float32 (or float64) [channels, samples]; atomic, memory flat.
/// Errors: InvalidArgument if there is no channel or no sample; Io.
void write_npy(const std::filesystem::path& path, const Recording& recording,
               DType dtype = DType::kF32);

}  // namespace nest::io
