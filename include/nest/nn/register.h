#pragma once

namespace nest::nn {

/// Makes "torch" a name for recognize::ExecutorOptions::executor: LibTorch on
/// ExecutorOptions::device, in its precision (fp32, fp16, bf16, fp64), with its threads.
void register_executor();

}  // namespace nest::nn
