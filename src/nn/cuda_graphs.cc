#include "cuda_graphs.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/torch.h>

#include "nest/core/error.h"

namespace nest::nn {
namespace {

/// Other threads may go on using the device meanwhile; LibTorch before 2.1 does not offer that.
template <class Graph>
void begin_capture(Graph& graph) {
  if constexpr (requires { graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal); }) {
    graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
  } else {
    graph.capture_begin();
  }
}

class CudaGraph final : public Recording {
 public:
  CudaGraph(const Tensors& inputs, const PlainPass& pass, torch::Device device,
            torch::ScalarType working_type)
      : device_(device) {
    for (const torch::Tensor& x : inputs) {
      if (!x.defined()) {
        inputs_.emplace_back();
        continue;
      }
      const torch::ScalarType type = x.is_floating_point() ? working_type : x.scalar_type();
      inputs_.push_back(x.to(device_, type, /*non_blocking=*/false, /*copy=*/true).contiguous());
    }
    try {
      record(pass);
    } catch (const c10::Error& error) {
      fail(ErrorCode::kUnsupported, "LibTorch: {}", error.what_without_backtrace());
    }
  }

  Tensors replay(const Tensors& inputs) override {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].defined()) inputs_[i].copy_(inputs[i]);
    }
    graph_.replay();
    Tensors outputs;
    // The next replay writes to the same memory.
    for (const torch::Tensor& y : outputs_) outputs.push_back(y.clone());
    return outputs;
  }

 private:
  void record(const PlainPass& pass) {
    torch::cuda::synchronize(device_.index());
    const c10::cuda::CUDAStreamGuard side(c10::cuda::getStreamFromPool(false, device_.index()));
    pass(inputs_);  // libraries take memory of their own on a stream's first pass
    torch::cuda::synchronize(device_.index());
    begin_capture(graph_);
    try {
      outputs_ = pass(inputs_);
    } catch (...) {  // whatever it was goes on to the caller; the device must not stay recording
      abandon();
      throw;
    }
    graph_.capture_end();
  }

  /// LibTorch ends a capture that broke with an error of its own; what broke it is the one to tell.
  void abandon() {
    try {
      graph_.capture_end();
    } catch (const c10::Error&) {  // says only that nothing was recorded, which is known
    }
  }

  torch::Device device_;
  Tensors inputs_;
  at::cuda::CUDAGraph graph_;
  Tensors outputs_;
};

}  // namespace

MakeRecording cuda_graphs(torch::Device device, torch::ScalarType working_type) {
  require(device.is_cuda(), ErrorCode::kUnsupported,
          "cuda_graphs needs a CUDA device, and this executor runs on {}; leave it out",
          device.str());
  return [=](const Tensors& inputs, const PlainPass& pass) {
    return std::make_unique<CudaGraph>(inputs, pass, device, working_type);
  };
}

}  // namespace nest::nn
