#include "nest/nn/register.h"

#include "nest/nn/options.h"
#include "nest/recognize/executors.h"

namespace nest::nn {

void register_executor() {
  recognize::register_executor(
      "torch", [](const graph::Model& model, const recognize::ExecutorOptions& options) {
        TorchOptions torch;
        torch.precision = options.precision.value_or(graph::Precision::kFp32);
        torch.device = options.device;
        torch.threads = options.machine.threads;
        torch.cuda_graphs = options.cuda_graphs;
        return make_torch_executor(model, torch);
      });
}

}  // namespace nest::nn
