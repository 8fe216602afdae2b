#pragma once

#include <memory>
#include <string>

#include "nest/stream/source.h"

namespace nest::stream {

/// Replays an EEG file, all at once or at its recorded pace. Gaps between segments arrive as lost
/// samples. Errors: as io::open_recording.
std::unique_ptr<Source> open_replay_source(const SourceOptions& options, const std::string& path,
                                           Clock& clock);

}  // namespace nest::stream
