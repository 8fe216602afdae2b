#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/nn/executor.h"

namespace nest::nn {

void register_flags(Flags& flags, TorchOptions& options) {
  flags.add("device", options.device, "cpu, cuda, cuda:N or auto");
  flags.add("precision", options.precision, "fp32, fp16, bf16 or fp64");
  flags.add("threads", options.threads, "threads of LibTorch; 0: as many as cores");
}

void validate(const TorchOptions& options) {
  const graph::Precision precision = graph::precision_from_name(options.precision);
  require(!graph::is_integer(precision), ErrorCode::kInvalidArgument,
          "LibTorch runs floats, not {}; the native executor does", options.precision);
  require(options.threads >= 0, ErrorCode::kInvalidArgument, "threads must not be negative, got {}",
          options.threads);
  const bool is_known = options.device == "cpu" || options.device == "auto" ||
                        options.device == "cuda" ||
                        (options.device.starts_with("cuda:") && options.device.size() > 5 &&
                         options.device.find_first_not_of("0123456789", 5) == std::string::npos);
  require(is_known, ErrorCode::kInvalidArgument,
          "unknown device '{}'; known: cpu, cuda, cuda:N, auto", options.device);
}

Json to_json(const TorchOptions& options) {
  return {
      {"device", options.device}, {"precision", options.precision}, {"threads", options.threads}};
}

}  // namespace nest::nn
