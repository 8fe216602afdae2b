#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/train/distributed.h"

// LibTorch says whether it was built with Gloo; its header also needs Gloo's own (libgloo-dev).
#if defined(USE_C10D_GLOO) && __has_include(<gloo/algorithm.h>)
#define NEST_HAS_GLOO 1
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

namespace nest::train {

#ifdef NEST_HAS_GLOO

struct Communicator::Group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

namespace {

/// LibTorch 2.4 and later ask for libuv unless told otherwise, which Debian's is built without.
template <class Options>
void without_libuv(Options& options) {
  if constexpr (requires { options.useLibUV; }) options.useLibUV = false;
}

}  // namespace

Communicator::Communicator(const Placement& placement, int timeout_s)
    : placement_(placement), group_(std::make_unique<Group>()) {
  if (placement.size == 1) return;
  try {
    c10d::TCPStoreOptions store_options;
    store_options.port = static_cast<std::uint16_t>(placement.port);
    store_options.isServer = placement.rank == 0;
    store_options.numWorkers = static_cast<std::size_t>(placement.size);
    store_options.timeout = std::chrono::seconds(timeout_s);
    without_libuv(store_options);
    auto store = c10::make_intrusive<c10d::TCPStore>(placement.address, store_options);
    auto options = c10d::ProcessGroupGloo::Options::create();
    options->timeout = std::chrono::seconds(timeout_s);
    options->devices.push_back(
        placement.address == "127.0.0.1" || placement.address == "localhost"
            ? c10d::ProcessGroupGloo::createDeviceForHostname(placement.address)
            : c10d::ProcessGroupGloo::createDefaultDevice());
    group_->gloo =
        c10::make_intrusive<c10d::ProcessGroupGloo>(store, placement.rank, placement.size, options);
  } catch (const std::exception& error) {
    fail(ErrorCode::kIo,
         "process {} of {} cannot meet the others at {}:{} (MASTER_ADDR and NEST_MASTER_PORT name "
         "another place): {}",
         placement.rank, placement.size, placement.address, placement.port, error.what());
  }
}

void Communicator::sum(torch::Tensor& tensor) {
  if (placement_.size == 1) return;
  const torch::NoGradGuard no_grad;
  std::vector<at::Tensor> list{tensor.detach().to(torch::kCPU).contiguous().clone()};
  group_->gloo->allreduce(list)->wait();
  tensor.copy_(list[0]);
}

#else

struct Communicator::Group {};

Communicator::Communicator(const Placement& placement, int) : placement_(placement) {
  require(placement.size == 1, ErrorCode::kUnsupported,
          "{} processes were asked for, but this build has no Gloo; install libgloo-dev and build "
          "again",
          placement.size);
}

void Communicator::sum(torch::Tensor&) {}

#endif

Communicator::~Communicator() = default;

namespace {

class SumOverProcesses : public torch::autograd::Function<SumOverProcesses> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context,
                               const torch::Tensor& tensor, std::int64_t communicator) {
    context->saved_data["communicator"] = communicator;
    torch::Tensor total = tensor.detach().clone();
    reinterpret_cast<Communicator*>(communicator)->sum(total);
    return total;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    torch::Tensor total = grads[0].detach().clone();
    reinterpret_cast<Communicator*>(context->saved_data["communicator"].toInt())->sum(total);
    return {total, {}};
  }
};

}  // namespace

torch::Tensor Communicator::sum_with_gradient(const torch::Tensor& tensor) {
  if (placement_.size == 1) return tensor;
  return SumOverProcesses::apply(tensor, reinterpret_cast<std::int64_t>(this));
}

}  // namespace nest::train
