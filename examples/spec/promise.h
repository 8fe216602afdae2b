#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the program with 1 unless what a block of the specification promises holds.
inline void promise(bool holds, const char* what) {
  std::printf("%s  %s\n", holds ? "kept  " : "BROKEN", what);
  if (!holds) std::exit(1);
}
