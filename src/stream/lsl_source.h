#pragma once

#include <memory>
#include <string>

#include "nest/stream/source.h"

namespace nest::stream {

/// Subscribes to a Lab Streaming Layer stream: `query` is its name, "type=EEG", "source_id=…", or a
/// predicate of XPath that names properties ("name='a' and type='EEG'").
///
/// Labels and units are those of the stream's description; time stamps are in this machine's clock,
/// and a stream whose sender starts anew goes on.
/// Errors: Unsupported if liblsl.so is not installed; NotFound if no such stream answers in time;
/// DataCorrupt for markers and streams without a regular rate; Interrupted.
std::unique_ptr<Source> open_lsl_source(const std::string& query, double timeout_s, Clock& clock,
                                        std::stop_token stop);

}  // namespace nest::stream
