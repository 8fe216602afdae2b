#pragma once

#include <memory>
#include <stop_token>

#include "nest/stream/source.h"

namespace nest::stream {

/// Reads a source on a thread of its own into a buffer of `buffer_s` seconds, so that a slow
/// decoder does not hold the source up. What arrives while the buffer is full is dropped and
/// counted (Chunk::dropped); what is in it stays.
///
/// `inner_stop` ends the source, and `stop` requests it. State: read() takes no lock and allocates
/// nothing.
std::unique_ptr<Source> buffered(std::unique_ptr<Source> source, double buffer_s,
                                 std::stop_source inner_stop, const std::stop_token& stop);

}  // namespace nest::stream
