#pragma once

/// Heap allocations of this test program so far, by any thread.
long allocation_count();
