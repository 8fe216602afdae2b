// `nest train` in two processes of this machine, started by hand and by the launchers that are
// installed.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "small_training.h"
#include "tests/support/largest_difference.h"

namespace nest {
namespace {

using test::Environment;
using test::start;
using test::wait_for;

/// A free port of this machine, or 0 if `wanted` is taken.
int free_port(int wanted = 0) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(wanted));
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof(address);
  const bool is_free = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return is_free ? ntohs(address.sin_port) : 0;
}

/// The next port is free as well: ours where a launcher holds the first.
std::string free_pair_of_ports() {
  for (int i = 0; i < 100; ++i) {
    const int port = free_port();
    if (port < 65535 && free_port(port + 1) != 0) return std::to_string(port);
  }
  return "0";
}

class TrainProcesses : public test::SmallTraining {
 protected:
  static std::vector<std::string> train_with_batch(const std::string& out, const char* size) {
    return train("plain", out,
                 {"--epochs", "2", "--optimizer", "sgd", "--lr", "0.05", "--schedule", "constant",
                  "--batch-size", size});
  }
  /// What one process with batches of eight learns.
  static const TensorMap& expected() {
    static const TensorMap result = [] {
      const std::string single = run_folder("single");
      EXPECT_EQ(wait_for(start(train_with_batch(single, "8"))), 0);
      return test::weights(single + "/last.pt");
    }();
    return result;
  }
  /// Two processes with batches of four learned the same in `out`.
  static void expect_the_same(const std::string& out) {
    EXPECT_LT(test::largest_difference(expected(), test::weights(out + "/last.pt")), 2e-4);
  }
};

TEST_F(TrainProcesses, two_equal_one_with_twice_the_batch) {
  const std::string both = run_folder("both");
  Environment environment{
      {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", free_pair_of_ports()}};
  std::vector<pid_t> children;
  for (const char* rank : {"0", "1"}) {
    environment["RANK"] = rank;
    children.push_back(start(train_with_batch(both, "4"), environment));
  }
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  expect_the_same(both);
}

struct TrainLauncher {
  const char* name;
  std::vector<std::string> probe;  ///< ends with 0 where the launcher can be used
  const char* remedy;
  std::vector<std::string> command;  ///< PORT stands for one that is free, as is the next
  Environment environment = {};
};

void PrintTo(const TrainLauncher& launcher, std::ostream* out) {
  *out << launcher.name;
}

class TrainLaunched : public TrainProcesses, public testing::WithParamInterface<TrainLauncher> {};

TEST_P(TrainLaunched, two_equal_one_with_twice_the_batch) {
  const TrainLauncher& launcher = GetParam();
  // Launchers are no packages of this project: only their users have them.
  if (wait_for(start(launcher.probe)) != 0) {
    GTEST_SKIP() << launcher.name << " does not run here; " << launcher.remedy;
  }
  const std::string port = free_pair_of_ports();
  const auto with_port = [&](std::string text) {
    const std::size_t at = text.find("PORT");
    return at == std::string::npos ? text : text.replace(at, 4, port);
  };
  std::vector<std::string> command;
  for (const std::string& word : launcher.command) command.push_back(with_port(word));
  const std::string out = run_folder(launcher.name);
  for (const std::string& word : train_with_batch(out, "4")) command.push_back(word);
  Environment environment = launcher.environment;
  environment["MASTER_PORT"] = port;
  ASSERT_EQ(wait_for(start(command, environment)), 0);
  expect_the_same(out);
}

// That of PyTorch 1.13 is there and fails at every start under Python 3.11 (Debian 12).
const std::vector<std::string> kTorchrunProbe = {
    "torchrun",    "--nproc_per_node", "1",   "--rdzv_backend", "c10d", "--rdzv_endpoint",
    "localhost:0", "--no_python",      "true"};
constexpr const char* kTorchrunRemedy = "pip install torch (2.0 or later)";

const TrainLauncher kTrainLaunchers[] = {
    {"mpirun",
     {"ompi_info", "--version"},
     "apt-get install openmpi-bin",
     {"mpirun", "-n", "2", "--oversubscribe"},
     {{"OMPI_ALLOW_RUN_AS_ROOT", "1"}, {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}}},
    {"srun",
     {"sh", "-c", "test -n \"$SLURM_JOB_ID\" && srun -n 2 true"},
     "run the test in a Slurm: tools/slurm_here.sh salloc -n 2 TEST",
     {"srun", "-n", "2"}},
    {"torchrun_static",
     kTorchrunProbe,
     kTorchrunRemedy,
     {"torchrun", "--nproc_per_node", "2", "--master_port", "PORT", "--no_python"}},
    {"torchrun_static_two_agents",
     kTorchrunProbe,
     kTorchrunRemedy,
     {"sh", "-c",
      "for n in 0 1; do torchrun --nnodes 2 --node_rank $n --nproc_per_node 1 --rdzv_backend "
      "static --rdzv_endpoint 127.0.0.1:PORT --no_python \"$@\" & all=\"$all $!\"; done; "
      "for i in $all; do wait $i || exit 1; done",
      "sh"}},
    {"torchrun_standalone",
     kTorchrunProbe,
     kTorchrunRemedy,
     {"torchrun", "--standalone", "--nproc_per_node", "2", "--no_python"}},
    {"torchrun_c10d",
     kTorchrunProbe,
     kTorchrunRemedy,
     {"torchrun", "--nproc_per_node", "2", "--rdzv_backend", "c10d", "--rdzv_endpoint",
      "127.0.0.1:PORT", "--no_python"}},
};
INSTANTIATE_TEST_SUITE_P(Launchers, TrainLaunched, testing::ValuesIn(kTrainLaunchers),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace nest
