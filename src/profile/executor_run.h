#pragma once

#include "nest/profile/work.h"

namespace nest::profile {

/// One run of a piece of work on any executor, from fresh states; `after(outputs)` is called after
/// every pass. Returns the outputs of the last.
template <class F>
TensorMap run_passes(graph::Executor& executor, const Work& work, const F& after) {
  TensorMap inputs = work.inputs;
  TensorMap results;
  for (int step = 0; step < work.steps; ++step) {
    results = executor.run(work.graph, inputs);
    after(results);
    if (step + 1 == work.steps) break;
    for (const auto& [from, to] : work.feeds) inputs[to] = results.at(from);
    if (work.token.empty()) continue;
    Tensor token(DType::kI64, work.inputs.at(work.token).shape());
    best_tokens(results.at(work.scores).data<float>(), token.mutable_data<std::int64_t>());
    inputs[work.token] = token;
  }
  return results;
}

}  // namespace nest::profile
