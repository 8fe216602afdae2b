#include "nest/nn/library_info.h"

#include <ATen/Config.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include "nest/core/json.h"

namespace nest::nn {

Json library_info() {
  Json info;
  info["version"] = TORCH_VERSION;
  info["threads"] = at::get_num_threads();
  info["onednn"] = AT_MKLDNN_ENABLED() != 0;
  // The build's own summary names its BLAS: "... BLAS_INFO=open, ..."
  const std::string summary = at::show_config();
  const std::size_t begin = summary.find("BLAS_INFO=");
  info["blas"] = begin == std::string::npos
                     ? "unknown"
                     : summary.substr(begin + 10, summary.find(',', begin) - begin - 10);
  // Which of its kernels OpenBLAS took; builds with MKL have no such symbol.
  if (void* core = ::dlsym(RTLD_DEFAULT, "openblas_get_corename"); core != nullptr) {
    info["blas_kernels"] = reinterpret_cast<const char* (*)()>(core)();
  }
  info["cuda"] = torch::cuda::is_available();
  info["cuda_devices"] = static_cast<std::int64_t>(torch::cuda::device_count());
  return info;
}

}  // namespace nest::nn
