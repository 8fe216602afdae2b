#pragma once

#include "nest/core/json_fwd.h"

namespace nest::nn {

/// Which LibTorch runs: version, threads, BLAS as it was built, CUDA devices by name.
Json library_info();

}  // namespace nest::nn
