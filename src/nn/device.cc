#include "device.h"

#include <dlfcn.h>
#include <torch/torch.h>

#include "nest/core/error.h"

namespace nest::nn {
namespace {

/// OpenBLAS, which Debian's LibTorch multiplies with, has threads of its own that LibTorch does not
/// set: left alone they take every core for products of "one thread", and wait for the next one by
/// spinning. Builds with MKL have no such symbol.
void set_blas_threads(int threads) {
  void* set = ::dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
  if (set != nullptr) reinterpret_cast<void (*)(int)>(set)(threads);
}

}  // namespace

torch::Device resolve_device(const TorchOptions& options) {
  validate(options);
  if (options.device == "cpu") return torch::kCPU;
  const bool has_cuda = torch::cuda::is_available();
  if (options.device == "auto") return has_cuda ? torch::kCUDA : torch::kCPU;
  require(has_cuda, ErrorCode::kUnsupported,
          "device '{}' is not there: this LibTorch sees no CUDA device; use cpu", options.device);
  const torch::Device device(options.device);
  const auto count = static_cast<int>(torch::cuda::device_count());
  require(!device.has_index() || device.index() < count, ErrorCode::kUnsupported,
          "device '{}' is not there: this machine has {} CUDA device(s)", options.device, count);
  return device;
}

void apply_global(const TorchOptions& options, torch::Device device) {
  if (options.threads > 0) {
    torch::set_num_threads(options.threads);
    set_blas_threads(options.threads);
  }
  if (device.is_cuda()) {
    at::globalContext().setDeterministicCuDNN(true);
    at::globalContext().setBenchmarkCuDNN(false);
    at::globalContext().setAllowTF32CuDNN(false);  // fp32 has its 24 bits
  }
}

}  // namespace nest::nn
