#pragma once

#include <cstdint>

/// Calls of operator new in this test program so far.
std::int64_t count_allocations();
