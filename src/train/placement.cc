#include <charconv>
#include <cstdlib>

#include "nest/core/error.h"
#include "nest/train/distributed.h"

namespace nest::train {
namespace {

constexpr int kLastPort = 65535;

std::optional<int> number(const Lookup& lookup, const std::string& name) {
  const std::optional<std::string> text = lookup(name);
  if (!text || text->empty()) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  require(error == std::errc() && end == text->data() + text->size() && value >= 0,
          ErrorCode::kInvalidArgument, "environment variable {}='{}' is not a number", name, *text);
  return value;
}

struct Launcher {
  const char* rank;
  const char* size;
  const char* local_rank;
};

constexpr Launcher kLaunchers[] = {
    {"RANK", "WORLD_SIZE", "LOCAL_RANK"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
    // SLURM_NTASKS stands in a batch script as well, whose process is alone.
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"},
};

/// Where rank 0 listens. torchrun's agent may already do so at MASTER_PORT, for a store of its own
/// (PyTorch, torch/distributed/elastic): then the next port is ours.
int port_of(const Lookup& lookup, int preset) {
  int port = number(lookup, "MASTER_PORT").value_or(preset);
  if (lookup("TORCHELASTIC_USE_AGENT_STORE") == "True") ++port;
  port = number(lookup, "NEST_MASTER_PORT").value_or(port);
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
  Placement placement;
  for (const Launcher& launcher : kLaunchers) {
    const std::optional<int> rank = number(lookup, launcher.rank);
    const std::optional<int> size = number(lookup, launcher.size);
    if (!rank || !size) continue;
    placement.rank = *rank;
    placement.size = *size;
    placement.local_rank = number(lookup, launcher.local_rank).value_or(0);
    break;
  }
  require(placement.size >= 1 && placement.rank < placement.size, ErrorCode::kInvalidArgument,
          "rank {} does not fit {} processes", placement.rank, placement.size);
  if (const auto nodes = lookup("SLURM_JOB_NODELIST"); nodes && placement.size > 1) {
    placement.address = first_host(*nodes);
  }
  placement.address = lookup("MASTER_ADDR").value_or(placement.address);
  placement.port = port_of(lookup, placement.port);
  return placement;
}

Placement placement_from_environment() {
  return placement_from([](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
}

}  // namespace nest::train
