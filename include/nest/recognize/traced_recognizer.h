#pragma once

#include <memory>

#include "nest/core/trace.h"
#include "nest/decode/recognizer.h"

namespace nest::recognize {

/// A recognizer whose calls are drawn on a track of their own, one a recognizer and so one a
/// thread: each call, and in it what it spent on encoding and decoding of each signal.
///
/// The trace must outlive it. Results are the recognizer's own.
std::unique_ptr<decode::Recognizer> traced(std::unique_ptr<decode::Recognizer> recognizer,
                                           Trace& trace);

}  // namespace nest::recognize
