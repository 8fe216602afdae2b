#include "cuda_graphs.h"
#include "nest/core/error.h"

namespace nest::nn {

/// In a build whose LibTorch has no CUDA.
MakeRecording cuda_graphs(torch::Device /*device*/, torch::ScalarType /*working_type*/) {
  fail(ErrorCode::kUnsupported,
       "cuda_graphs needs a LibTorch that was built with CUDA, and this one was not; leave it out");
}

}  // namespace nest::nn
