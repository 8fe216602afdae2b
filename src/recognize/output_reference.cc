#include "nest/recognize/output_reference.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "nest/core/error.h"
#include "nest/decode/model_recognizer.h"
#include "nest/graph/factory.h"
#include "nest/runtime/executor.h"

namespace nest::recognize {
namespace {

constexpr int kRounds = 3;

/// Inputs of a forward pass over one signal.
TensorMap inputs_of(const Tensor& signal, const std::vector<decode::TokenId>& tokens,
                    graph::Family family) {
  TensorMap inputs{{"eeg_data", signal.reshaped({1, signal.dim(0), signal.dim(1)})}};
  if (family == graph::Family::kCtc) return inputs;
  std::vector<std::int64_t> labels(tokens.begin(), tokens.end());
  if (labels.empty()) labels.push_back(0);
  inputs["target_labels"] =
      Tensor::from<std::int64_t>({1, static_cast<std::int64_t>(labels.size())}, labels);
  return inputs;
}

Tensor scores_of(const TensorMap& outputs) {
  for (const char* name : {"log_probs", "logits"}) {
    if (const auto found = outputs.find(name); found != outputs.end()) return found->second;
  }
  fail(ErrorCode::kInternal, "a forward pass gives no scores of tokens");
}

std::vector<double> log_softmax(std::span<const float> scores) {
  const auto top = static_cast<double>(std::ranges::max(scores));
  double sum = 0;
  for (const float score : scores) sum += std::exp(static_cast<double>(score) - top);
  std::vector<double> logs;
  for (const float score : scores) logs.push_back(static_cast<double>(score) - top - std::log(sum));
  return logs;
}

/// Sum over positions of the divergence of b from a; scores [..., V].
double divergence(const Tensor& a, const Tensor& b) {
  const auto tokens = static_cast<std::size_t>(a.shape().back());
  double sum = 0;
  for (std::size_t at = 0; at < static_cast<std::size_t>(a.numel()); at += tokens) {
    const auto p = log_softmax(a.data<float>().subspan(at, tokens));
    const auto q = log_softmax(b.data<float>().subspan(at, tokens));
    for (std::size_t i = 0; i < tokens; ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
  }
  return sum;
}

}  // namespace

struct OutputReference::Impl {
  std::vector<TensorMap> inputs;
  std::vector<Tensor> scores;
};

OutputReference::OutputReference(const graph::Model& floats, std::vector<Tensor> signals)
    : impl_(std::make_unique<Impl>()) {
  require(!signals.empty(), ErrorCode::kInvalidArgument, "no signal to compare outputs on");
  require(floats.graphs.contains("encoder"), ErrorCode::kInvalidArgument,
          "model '{}' has no encoder, it takes no signal", floats.name);
  runtime::NativeExecutor executor(runtime::prepare(floats));
  decode::ModelRecognizer recognizer(executor, {});
  for (const Tensor& signal : signals) {
    const auto tokens = recognizer.recognize({&signal, 1}).front().tokens;
    impl_->inputs.push_back(inputs_of(signal, tokens, floats.family));
    impl_->scores.push_back(scores_of(graph::run_forward(executor, impl_->inputs.back())));
  }
}

OutputReference::~OutputReference() = default;

OutputDistance OutputReference::compare(
    std::shared_ptr<const runtime::PreparedModel> changed) const {
  using Clock = std::chrono::steady_clock;
  runtime::NativeExecutor executor(std::move(changed));
  const std::size_t count = impl_->inputs.size();
  std::vector<double> least(count, std::numeric_limits<double>::infinity());
  OutputDistance distance;
  double positions = 0;
  for (int round = 0; round <= kRounds; ++round) {  // the first one plans and is not timed
    for (std::size_t i = 0; i < count; ++i) {
      const auto start = Clock::now();
      const TensorMap outputs = graph::run_forward(executor, impl_->inputs[i]);
      const std::chrono::duration<double, std::milli> time = Clock::now() - start;
      if (round > 0) {
        least[i] = std::min(least[i], time.count());
        continue;
      }
      const Tensor& want = impl_->scores[i];
      const Tensor got = scores_of(outputs);
      require(got.shape() == want.shape(), ErrorCode::kInvalidArgument,
              "the changed model gives scores {}, the model itself {}", to_string(got.shape()),
              to_string(want.shape()));
      distance.divergence += divergence(want, got);
      positions += static_cast<double>(want.numel() / want.shape().back());
    }
  }
  distance.divergence /= std::max(positions, 1.0);
  for (const double ms : least) distance.ms += ms / static_cast<double>(count);
  return distance;
}

}  // namespace nest::recognize
