#include "nest/core/error.h"
#include "nest/train/distributed.h"

namespace nest::train {
namespace {

constexpr int kLastPort = 65535;

/// Where rank 0 listens. torchrun's agent may already do so at MASTER_PORT, for a store of its own
/// (PyTorch, torch/distributed/elastic): then the next port is ours.
int port_of(const Lookup& lookup, int preset) {
  int port = number_in(lookup, "MASTER_PORT").value_or(preset);
  if (lookup("TORCHELASTIC_USE_AGENT_STORE") == "True") ++port;
  port = number_in(lookup, "NEST_MASTER_PORT").value_or(port);
  require(port >= 1 && port <= kLastPort, ErrorCode::kInvalidArgument,
          "port {} is not from 1 to {}; set NEST_MASTER_PORT to a free one", port, kLastPort);
  return port;
}

}  // namespace

std::string first_host(const std::string& node_list) {
  const std::size_t bracket = node_list.find('[');
  const std::size_t comma = node_list.find(',');
  if (bracket == std::string::npos || comma < bracket) return node_list.substr(0, comma);
  const std::size_t end = node_list.find_first_of("-,]", bracket);
  require(end != std::string::npos, ErrorCode::kInvalidArgument,
          "SLURM_JOB_NODELIST='{}' has no closing bracket", node_list);
  return node_list.substr(0, bracket) + node_list.substr(bracket + 1, end - bracket - 1);
}

Placement placement_from(const Lookup& lookup) {
  const Launched process = launched_process(lookup);
  Placement placement{process.index, process.count, process.local_index};
  if (const auto nodes = lookup("SLURM_JOB_NODELIST"); nodes && placement.size > 1) {
    placement.address = first_host(*nodes);
  }
  placement.address = lookup("MASTER_ADDR").value_or(placement.address);
  placement.port = port_of(lookup, placement.port);
  return placement;
}

Placement placement_from_environment() {
  return placement_from(environment_variable);
}

}  // namespace nest::train
