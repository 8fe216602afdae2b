#pragma once

#include <cstddef>
#include <functional>

namespace nest {

/// Number of cores this process may use (affinity mask and cgroup quota respected).
int available_cores();

/// Calls body(i) once for every i in [0, count) on up to `threads` threads (0: all cores).
///
/// Items are handed out in order from one counter, so the result may not depend on which thread
/// runs an item. The exception of the lowest failing index is rethrown after all threads stopped.
/// This is for coarse work (utterances, files); the runtime has its own pool for kernels.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& body);

}  // namespace nest
