#pragma once

#include <string>

#include "nest/contract/source.h"
#include "nest/core/tensor.h"
#include "serve/message.h"

namespace nest::serve {

/// The signal that a request brings.
struct SentSignal {
  Tensor samples;  ///< [channels, n]
  contract::SourceInfo source;
};

/// A recording's bytes: EDF, BDF, GDF, XDF, NPY or MATLAB 5. Formats that name further files are
/// refused, so that nothing a client sends names one here.
///
/// `rate_hz` and `unit` of the query are for files that state none, `stream` picks a part.
/// Errors: RequestError naming "body" or the query's field.
SentSignal read_recording(const Request& request, const graph::SignalContract& contract);

/// {"signal": [[...], ...], "rate_hz"?, "channels"?, "unit"?}. Errors: RequestError.
SentSignal parse_signal(const Json& json, const graph::SignalContract& contract);

}  // namespace nest::serve
