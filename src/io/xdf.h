#pragma once

#include <memory>

#include "nest/io/byte_source.h"
#include "nest/io/recording.h"

namespace nest::io {

/// XDF 1.0, the container of the Lab Streaming Layer (Kothe et al., xdf specification).
///
/// One numeric stream is shown: by name, by id where several have one name (or the name is none),
/// else the EEG stream with most channels; streams that never sent a sample are only listed.
/// Streams of strings and one-channel marker streams of irregular rate become annotations.
///
/// Time stamps are brought to the recorder's clock by straight lines through the clock offsets, a
/// new one where a clock was restarted; offsets that are far off are dropped. A jump of more than a
/// second and 500 samples begins a new segment. Times are counted in samples: an annotation stands
/// at the sample that was taken when it happened, so that onset times rate is that sample although
/// the amplifier's clock differs from the stated rate. If it differs by more than a per cent the
/// measured rate is shown (a warning says so).
///
/// A chunk or stream that cannot be read is left out with a warning. The samples are scanned once
/// when opened and read from the file when asked for.
/// Errors: DataCorrupt naming the chunk and its byte if the file is cut off, or if no stream has
/// samples; NotFound for an unknown stream; InvalidArgument, listing ids, if a name is ambiguous.
std::shared_ptr<const Recording> open_xdf(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options = {});

}  // namespace nest::io
