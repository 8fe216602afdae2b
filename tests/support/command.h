#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/wait.h>

#include "tests/support/temp_dir.h"

namespace nest::test {

struct CommandResult {
  int exit_code = -1;  ///< -1 if the program was killed by a signal
  std::string out;
  std::string err;
};

/// Runs `nest <arguments>` (shell syntax) with at most `limit_kib` of address space; without that
/// limit under sanitizers, which reserve terabytes.
inline CommandResult run_nest(const std::string& binary, const std::string& arguments,
                              [[maybe_unused]] long limit_kib = 2'000'000) {
  const TempDir dir;
  const auto read = [](const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
#ifdef NEST_IS_SANITIZED
  const std::string limit = "unlimited";
#else
  const std::string limit = std::to_string(limit_kib);
#endif
  const std::string command = "ulimit -v " + limit + "; '" + binary + "' " + arguments + " >" +
                              (dir / "out").string() + " 2>" + (dir / "err").string();
  const int status = std::system(command.c_str());
  CommandResult result{WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(dir / "out"),
                       read(dir / "err")};
  return result;
}

}  // namespace nest::test
