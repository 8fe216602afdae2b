#pragma once

#include <filesystem>
#include <memory>

#include "nest/stream/source.h"

namespace nest::stream {

/// Writes down what a source delivers, as it is delivered: samples, stamps, arrival times, sample
/// numbers, losses. A file that a crash cut short is complete up to its last delivery.
///
/// File: the line "NEST arrivals 1", a line of JSON about the source, then a record a delivery,
/// little-endian (docs/stream.md).
/// Errors: Io.
std::unique_ptr<Source> record_arrivals(std::unique_ptr<Source> source,
                                        const std::filesystem::path& file);

/// A file of record_arrivals() as a source: the same deliveries, so the same text and events.
///
/// At their recorded pace if `real_time`. Errors: NotFound, Io; DataCorrupt naming the byte for a
/// file of another kind or a broken record.
std::unique_ptr<Source> replay_arrivals(const std::filesystem::path& file, bool real_time,
                                        Clock& clock);

}  // namespace nest::stream
