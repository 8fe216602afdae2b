#pragma once

#include <string>

#include "nest/stream/pipeline.h"

namespace nest::stream {

/// One line of a terminal about a stream as it is now: signal time, latency of the last hop,
/// channels that are bad, the end of the committed text, and the tentative text.
///
/// At most `columns` wide; the tentative text is dimmed with escape sequences if `has_colours`, and
/// stands in brackets if not.
std::string live_line(const StreamingInference& pipeline, const StreamEvent& event,
                      const std::string& committed, std::size_t columns, bool has_colours);

}  // namespace nest::stream
