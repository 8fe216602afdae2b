#pragma once

#include <filesystem>
#include <memory>

#include "nest/io/byte_source.h"
#include "nest/io/recording.h"

namespace nest::io {

/// A raw recording of MNE or Elekta (.fif): 16- and 32-bit integers, 32- and 64-bit floats.
///
/// Values are stored value * range * cal, in volts, teslas or teslas a metre, as MNE gives them;
/// channels have their type and say whether they are marked bad. A skip in the acquisition is a gap
/// between segments (MNE fills it with zeros). A recording split over files is one recording: the
/// parts are found beside the first file by the names in it. start_time is that of the first
/// sample.
/// Errors: DataCorrupt naming tag and byte, and for a part that is missing or does not fit, unless
/// options.allow_truncated; Unsupported for a file of epochs, averages or events.
/// Source: Elekta Neuromag, "Functional Image File Format" 1.3; MNE 1.13 for annotations and names.
std::shared_ptr<const Recording> open_fif(const std::filesystem::path& path,
                                          const OpenOptions& options = {});

/// One part alone.
std::shared_ptr<const Recording> open_fif(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options = {});

}  // namespace nest::io
