#pragma once

#include <memory>

#include "nest/io/byte_source.h"
#include "nest/io/recording.h"

namespace nest::io {

/// XDF 1.0, the container of the Lab Streaming Layer (Kothe et al., xdf specification).
///
/// One numeric stream is shown (by name, or the EEG stream with most channels); the others are
/// listed. Streams of strings and one-channel marker streams of irregular rate become annotations.
/// Time stamps are mapped to the recorder's clock by a straight line through the clock offsets; a
/// jump of more than a second and 500 samples begins a new segment, whose time is that of a
/// straight line through its time stamps. The samples are scanned once when opened and read from
/// the file when asked for. Errors: DataCorrupt naming the chunk and its byte; NotFound for an
/// unknown stream.
std::shared_ptr<const Recording> open_xdf(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options = {});

}  // namespace nest::io
