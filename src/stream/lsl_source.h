#pragma once

#include <memory>
#include <string>

#include "nest/stream/source.h"

namespace nest::stream {

/// Subscribes to a Lab Streaming Layer stream by name. liblsl is opened at run time.
/// Errors: Unsupported if liblsl.so is not installed, NotFound if no such stream answers in time.
std::unique_ptr<Source> open_lsl_source(const std::string& stream_name, double timeout_s,
                                        Clock& clock, std::stop_token stop);

}  // namespace nest::stream
