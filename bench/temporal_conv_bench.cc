// The first EEGNet convolution, forward and backward: filter_bank() against LibTorch's conv2d.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include "nn/filter_bank.h"

namespace nest::nn {
namespace {

constexpr std::int64_t kBatch = 16;
constexpr std::int64_t kFilters = 16;

struct Data {
  torch::Tensor x;
  torch::Tensor weight;
};

Data make_data(const benchmark::State& state) {
  torch::manual_seed(1);
  return {torch::randn({kBatch, 1, state.range(0), state.range(1)}),
          torch::randn({kFilters, state.range(2)}).requires_grad_()};
}

void own(benchmark::State& state) {
  const Data data = make_data(state);
  const std::int64_t taps = state.range(2);
  for (auto _ : state) {
    filter_bank(data.x, data.weight, taps / 2, taps / 2 - 1).sum().backward();
    benchmark::DoNotOptimize(data.weight.grad().data_ptr<float>());
  }
}

void libtorch(benchmark::State& state) {
  const Data data = make_data(state);
  const std::int64_t taps = state.range(2);
  const torch::Tensor padded = torch::constant_pad_nd(data.x, {taps / 2, taps / 2 - 1});
  for (auto _ : state) {
    torch::conv2d(padded, data.weight.reshape({kFilters, 1, 1, taps})).sum().backward();
    benchmark::DoNotOptimize(data.weight.grad().data_ptr<float>());
  }
}

// channels, samples, taps
BENCHMARK(own)->Args({8, 1280, 64})->Args({8, 1280, 128})->Unit(benchmark::kMillisecond);
BENCHMARK(libtorch)->Args({8, 1280, 64})->Args({8, 1280, 128})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nest::nn

BENCHMARK_MAIN();
