#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "nest/stream/source.h"

namespace nest::stream {

/// A board by its BrainFlow number, with BrainFlow's own parameters behind it:
/// "-1" (the synthetic board), "0?serial_port=/dev/ttyUSB0", "5?ip_address=192.0.2.1&ip_port=6677".
///
/// Its EEG channels in microvolts, named as the board's description does, else by number. Packages
/// that its counter skips are lost samples.
/// Errors: InvalidArgument for a number or parameter that BrainFlow does not know; Io when the
/// board does not answer; Unsupported when BrainFlow is not installed or the board has no EEG.
std::unique_ptr<Source> open_brainflow_source(const std::string& board, double timeout_s,
                                              Clock& clock, std::stop_token stop);

/// "-1  Synthetic: 16 EEG channels at 250 Hz", a line a board that BrainFlow knows and that has
/// EEG.
std::vector<std::string> list_brainflow_boards();

}  // namespace nest::stream
