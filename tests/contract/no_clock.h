#pragma once

#include "nest/stream/source.h"

namespace nest::contract {

/// Waits for nobody: what comes is there.
class NoClock : public stream::Clock {
 public:
  double now_s() override { return 0; }
  bool wait_until(double) override { return true; }
};

}  // namespace nest::contract
