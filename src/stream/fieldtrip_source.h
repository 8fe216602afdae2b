#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "nest/stream/source.h"

namespace nest::stream {

/// A FieldTrip buffer (protocol version 1) at HOST:PORT, from its newest sample on.
///
/// Channels are named by the header's chunk of channel names, else by number; the protocol knows no
/// unit. Samples that the buffer has thrown away before they were asked for are lost ones.
/// Errors: Io when there is no connection, no header within the time, or a request is refused;
/// DataCorrupt for an answer that is none of the protocol's.
std::unique_ptr<Source> open_fieldtrip_source(const std::string& address, double timeout_s,
                                              Clock& clock, std::stop_token stop);

}  // namespace nest::stream
