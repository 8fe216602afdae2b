#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/paths.h"
#include "tests/support/socket.h"

namespace nest::test {

inline std::string shipped_model() {
  return (tests_dir() / "../models/synth_ctc.pt").string();
}

/// A package of the shipped model, written once.
inline const std::filesystem::path& package_folder() {
  static const std::filesystem::path folder = [] {
    const auto path = process_temp_dir() / "synth";
    const std::string data = (process_temp_dir() / "data").string();
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
  /// `around` is shell that comes before the command, `behind` what redirects it.
  explicit ServeProcess(const std::filesystem::path& package, const std::string& around = "",
                        const std::string& behind = "") {
    int ends[2];
    if (::pipe(ends) != 0) return;
    const std::string command = around + " exec '" NEST_BINARY "' serve '" + package.string() +
                                "' --port 0 --workers 2 " + behind;
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
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
  int port() const { return std::atoi(url_.substr(url_.rfind(':') + 1).c_str()); }
  /// No file that it writes may be larger.
  void limit_files(rlim_t bytes) const {
    rlimit limit{};
    ::prlimit(child_, RLIMIT_FSIZE, nullptr, &limit);
    limit.rlim_cur = bytes;
    EXPECT_EQ(::prlimit(child_, RLIMIT_FSIZE, &limit, nullptr), 0);
  }
  /// Exit code, -1 if it was killed.
  int stop(int signal) {
    ::kill(child_, signal);
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  /// The whole answer, "" if the server is gone.
  std::string ask(const std::string& method, const std::string& target,
                  const std::string& body = "") const {
    Socket socket(port());
    socket.send(request(method, target, body));
    return socket.receive_all();
  }
  static std::string request(const std::string& method, const std::string& target,
                             const std::string& body) {
    return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  pid_t child_ = 0;
  std::string url_;
};

}  // namespace nest::test
