#pragma once

#include <memory>

#include "nest/io/npy.h"
#include "nest/io/recording.h"

namespace nest::io {

/// True for numbers [channels, samples] or [trials, channels, samples], at least one of them.
bool is_signal_array(const NpyHeader& header);

/// Such an array as a recording, each trial a segment; samples are read when asked for. `info`
/// brings what else is known (format, stream, other streams). Errors: DataCorrupt for other arrays.
std::shared_ptr<const Recording> make_array_recording(RecordingInfo info, NpyFile file,
                                                      double rate_hz);

}  // namespace nest::io
