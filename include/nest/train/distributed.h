#pragma once

#include <memory>
#include <string>

#include <torch/types.h>

#include "nest/core/launcher.h"

namespace nest::train {

/// Where this process stands among those that train together.
struct Placement {
  int rank = 0;
  int size = 1;
  int local_rank = 0;                 ///< which GPU of the machine
  std::string address = "127.0.0.1";  ///< of rank 0, where the others meet it
  int port = 29500;
};

/// Reads the launcher's variables: rank and size as launched_process() does, the place from
/// MASTER_ADDR and MASTER_PORT (torchrun) or else SLURM_JOB_NODELIST.
///
/// Where torchrun's agent listens at MASTER_PORT itself (TORCHELASTIC_USE_AGENT_STORE=True) the
/// port is the next one; NEST_MASTER_PORT wins over both.
/// Errors: InvalidArgument for values that are not numbers or do not fit together.
Placement placement_from(const Lookup& lookup);
Placement placement_from_environment();

/// "node[03-07,12],gpu1" -> "node03"
std::string first_host(const std::string& node_list);

/// Sums tensors over processes through LibTorch's own process group (Gloo; CUDA tensors go through
/// the CPU).
class Communicator {
 public:
  /// Waits for all processes. Errors: Unsupported if this build has no Gloo; Io if the others
  /// cannot be reached within `timeout_s`.
  explicit Communicator(const Placement& placement, int timeout_s = 300);
  ~Communicator();

  int rank() const { return placement_.rank; }
  int size() const { return placement_.size; }

  /// Replaces `tensor` by its sum over all processes.
  void sum(torch::Tensor& tensor);
  /// The sum as a differentiable function: its gradient is summed as well.
  torch::Tensor sum_with_gradient(const torch::Tensor& tensor);

 private:
  struct Group;
  Placement placement_;
  std::unique_ptr<Group> group_;
};

}  // namespace nest::train
