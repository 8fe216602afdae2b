#pragma once

#include <memory>

#include "nest/io/byte_source.h"
#include "nest/io/recording.h"

namespace nest::io {

/// GDF 1.x and 2.x (Schloegl 2006, "GDF: a general data format for biosignals").
///
/// Events are annotations whose text is the decimal event code ("32779"), with the channel's name
/// where the event table has one; 32766 ("start of a new segment") begins a segment. Signals are
/// grouped by rate like those of EDF. Left out with a warning: signals without a scale or of a
/// sample type that is not read, an event table that is damaged.
/// Errors: DataCorrupt naming field and byte; Unsupported for sample types of unknown size.
std::shared_ptr<const Recording> open_gdf(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options = {});

}  // namespace nest::io
