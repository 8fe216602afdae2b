// nest package, nest serve and the clients of others.
#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/apps/serve_process.h"
#include "tests/support/command.h"

namespace nest {
namespace {

using test::package_folder;
using test::run_nest;
using test::ServeProcess;

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
