// nest package, nest serve and the clients of others.
#include <csignal>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nest/core/json.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

using test::run_nest;
using testing::HasSubstr;

std::string shipped_model() {
  return (test::tests_dir() / "../models/synth_ctc.pt").string();
}

/// A package of the shipped model, written once.
const std::filesystem::path& package_folder() {
  static const std::filesystem::path folder = [] {
    const auto path = test::process_temp_dir() / "synth";
    const std::string data = (test::process_temp_dir() / "data").string();
    const auto spoken =
        run_nest(NEST_BINARY, "synth --output " + data + " --seed 1 --rate 125 --sentences 20");
    EXPECT_EQ(spoken.exit_code, 0) << spoken.err;
    const auto made =
        run_nest(NEST_BINARY, "package --model " + shipped_model() + " --out " + path.string() +
                                  " --data " + data + " --utterances 2 --golden-s 6");
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return path;
  }();
  return folder;
}

/// `nest serve` in a process of its own.
class ServeProcess {
 public:
  explicit ServeProcess(const std::filesystem::path& package) {
    int ends[2];
    if (::pipe(ends) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::execl(NEST_BINARY, NEST_BINARY, "serve", package.c_str(), "--port", "0", "--workers", "2",
              static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(ends[1]);
    char c = 0;
    while (::read(ends[0], &c, 1) == 1 && c != '\n') url_ += c;
    ::close(ends[0]);
  }
  ~ServeProcess() {
    if (child_ > 0) stop(SIGKILL);
  }
  const std::string& url() const { return url_; }
  /// Exit code, -1 if it was killed.
  int stop(int signal) {
    ::kill(child_, signal);
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t child_ = 0;
  std::string url_;
};

TEST(ServeVerb, refuses_what_is_not_what_was_written) {
  const test::TempDir dir;
  std::filesystem::copy(package_folder(), dir / "p", std::filesystem::copy_options::recursive);
  std::ofstream(dir / "p/README.md", std::ios::app) << "x";
  EXPECT_EQ(run_nest(NEST_BINARY, "serve " + (dir / "p").string() + " --port 0").exit_code, 1);
  EXPECT_EQ(
      run_nest(NEST_BINARY, "serve " + package_folder().string() + " --host 0.0.0.0").exit_code, 2);
}

TEST(ServeVerb, ends_on_a_signal) {
  ServeProcess server(package_folder());
  EXPECT_THAT(server.url(), testing::StartsWith("http://127.0.0.1:"));
  EXPECT_EQ(server.stop(SIGTERM), 0);
}

class RealClients : public testing::TestWithParam<const char*> {};

TEST_P(RealClients, are_served) {
  ServeProcess server(package_folder());
  const char* given = std::getenv("NEST_SERVE_PYTHON");
  const test::TempDir dir;
  const std::string command = std::string(given == nullptr ? "python3" : given) + " " +
                              (test::tests_dir() / "apps/serve_clients.py").string() + " " +
                              GetParam() + " " + server.url() + " " + package_folder().string() +
                              " >" + (dir / "log").string() + " 2>&1";
  const int status = std::system(command.c_str());
  std::ifstream log(dir / "log");
  const std::string text(std::istreambuf_iterator<char>(log), {});
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  // Debian has none of these clients but promtool and chromium; the protocol is tested in
  // tests/serve.
  if (code == 3) GTEST_SKIP() << text << "NEST_SERVE_PYTHON may name a python that has it";
  EXPECT_EQ(code, 0) << text;
}

INSTANTIATE_TEST_SUITE_P(Clients, RealClients,
                         testing::Values("triton", "kserve", "websockets", "promtool", "chromium"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace nest
