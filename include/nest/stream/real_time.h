#pragma once

#include <cstdint>

#include "nest/core/options_fwd.h"

namespace nest::stream {

/// What is asked of the operating system for the thread that decodes; off by default.
struct RealTimeOptions {
  std::int64_t priority = 0;  ///< first in, first out, 1 to 99; 0: as every other thread
  bool lock_memory = false;   ///< no page of the process is ever written out
  std::int64_t core = -1;     ///< the only one it runs on; -1: any
};
void visit_fields(FieldVisitor& visitor, RealTimeOptions& options);

/// For the calling thread and those that it starts; memory is locked for the process, until it
/// ends. Errors: Unsupported naming what was refused, why, and the right that is missing.
void apply(const RealTimeOptions& options);

}  // namespace nest::stream
