#pragma once

#include <string>

#include "tests/support/command.h"

/// The program under test.
namespace nest::test {

inline CommandResult nest(const std::string& arguments) {
  return run_nest(NEST_BINARY, arguments);
}

/// The executors that it has.
inline constexpr const char* kExecutors[] = {
    "native",
#ifdef NEST_WITH_TORCH
    "torch",
#endif
};

/// What it ends with after a request to stop.
inline constexpr int kInterruptedExitCode = 4;

}  // namespace nest::test
