#pragma once

#include <cstdint>

/// Calls of any operator new in this test program so far, by any thread; for programs that are
/// linked with count_allocations.cc.
std::int64_t allocation_count();
