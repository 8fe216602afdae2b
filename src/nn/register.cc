#include "nest/nn/register.h"

#include "nest/nn/options.h"
#include "nest/recognize/executors.h"

namespace nest::nn {

void register_executor() {
  recognize::register_executor(
      "torch", [](const graph::Model& model, const recognize::ExecutorOptions& options) {
        TorchOptions torch;
        torch.precision = options.runtime.precision;
        torch.device = options.device;
        torch.threads = options.runtime.threads;
        return make_torch_executor(model, torch);
      });
}

}  // namespace nest::nn
