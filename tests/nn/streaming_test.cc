#include "nest/graph/streaming.h"

#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/rng.h"
#include "nest/nn/executor.h"
#include "nest/runtime/executor.h"
#include "tests/support/causal_models.h"

namespace nest::nn {
namespace {

using test::kCausalChannels;

constexpr std::int64_t kSamples = 1000;

class EveryCausal : public testing::TestWithParam<test::CausalCase> {
 protected:
  EveryCausal() : model_(test::make_causal_model(GetParam())) {
    step_ = graph::add_streaming_step(model_);
    eeg_ = Tensor(DType::kF32, {2, kCausalChannels, kSamples});
    Rng rng(4);
    for (float& value : eeg_.mutable_data<float>()) value = static_cast<float>(rng.normal());
  }

  /// Samples [begin, begin + count) of every row.
  Tensor cut(std::int64_t begin, std::int64_t count) const {
    Tensor part(DType::kF32, {2, kCausalChannels, count});
    for (std::int64_t row = 0; row < 2 * kCausalChannels; ++row) {
      std::copy_n(eeg_.data<float>().data() + row * kSamples + begin, count,
                  part.mutable_data<float>().data() + row * count);
    }
    return part;
  }

  /// Runs the step on parts of random length and compares each frame with the whole result.
  void expect_steps_equal(graph::Executor& executor, const Tensor& whole) {
    Rng rng(9);
    TensorMap inputs;
    std::int64_t frame = 0;
    const std::int64_t frames = whole.dim(1), dim = whole.dim(2);
    while (frame < frames) {
      auto count = static_cast<std::int64_t>(1 + rng.below(4)) * step_.frame_multiple;
      count = std::min(count, frames - frame);
      inputs["eeg_data"] = cut(frame * step_.samples_per_frame, count * step_.samples_per_frame);
      TensorMap outputs = executor.run("encoder_step", inputs);
      const Tensor part = outputs.at("encoder_output");
      ASSERT_EQ(part.shape(), (Shape{2, count, dim}));
      for (std::int64_t b = 0; b < 2; ++b) {
        for (std::int64_t i = 0; i < count * dim; ++i) {
          const float want =
              whole.data<float>()[static_cast<std::size_t>((b * frames + frame) * dim + i)];
          const float got = part.data<float>()[static_cast<std::size_t>(b * count * dim + i)];
          ASSERT_NEAR(got, want, 1e-5 * (1 + std::fabs(want))) << "frame " << frame + i / dim;
        }
      }
      for (const graph::Port& port : step_.graph.outputs) {
        if (!port.feeds.empty()) inputs[port.feeds] = outputs.at(port.name);
      }
      frame += count;
    }
  }

  graph::Model model_;
  graph::StreamingStep step_;
  Tensor eeg_;
};
INSTANTIATE_TEST_SUITE_P(Model, EveryCausal, testing::ValuesIn(test::causal_cases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryCausal, the_torch_executor_streams_its_whole_result) {
  TorchExecutor torch(model_, {});
  expect_steps_equal(torch, torch.run("encoder", {{"eeg_data", eeg_}}).at("encoder_output"));
}

TEST_P(EveryCausal, the_native_executor_streams_the_torch_result) {
  TorchExecutor torch(model_, {});
  runtime::NativeExecutor native(runtime::prepare(model_));
  expect_steps_equal(native, torch.run("encoder", {{"eeg_data", eeg_}}).at("encoder_output"));
}

}  // namespace
}  // namespace nest::nn
