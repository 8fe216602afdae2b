#include "native_run.h"

#include <algorithm>

namespace nest::profile {

NativeRun::NativeRun(std::shared_ptr<const runtime::PreparedModel> prepared, const Work& work,
                     const Options& options)
    : work_(work),
      prepared_(std::move(prepared)),
      session_(prepared_, {work.graph,
                           work.bindings,
                           {},
                           work.constant,
                           std::make_shared<runtime::Machine>(options.machine),
                           options.is_profiled}) {
  for (const auto& [port, tensor] : work_.inputs) {
    if (tensor.dtype() == DType::kI64) {
      std::ranges::copy(tensor.data<std::int64_t>(), session_.input_i64(port).begin());
    } else {
      std::ranges::copy(tensor.data<float>(), session_.input(port).begin());
    }
  }
}

void NativeRun::begin() {
  session_.refresh();
  if (!work_.feeds.empty()) session_.reset();
  if (work_.token.empty()) return;
  std::ranges::copy(work_.inputs.at(work_.token).data<std::int64_t>(),
                    session_.input_i64(work_.token).begin());
}

void NativeRun::feed_back() {
  if (!work_.token.empty()) {
    best_tokens(session_.output(work_.scores), session_.input_i64(work_.token));
  }
  session_.advance();
}

}  // namespace nest::profile
