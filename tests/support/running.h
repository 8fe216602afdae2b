#pragma once

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

namespace nest::test {

/// A program that runs beside the test, with its standard input and output in the test's hands.
class Running {
 public:
  /// `input` (of a pipe's capacity at most) is there before the program begins.
  Running(const std::string& binary, std::vector<std::string> arguments, const std::string& input) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    input_ = in[1];
    EXPECT_EQ(::write(input_, input.data(), input.size()), static_cast<ssize_t>(input.size()));
    const std::string err = (dir_ / "err").string();
    arguments.insert(arguments.begin(), binary);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
      ::execv(binary.c_str(), argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    output_ = out[0];
  }
  ~Running() {
    end_input();
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    wait();
    ::close(output_);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void end_input() {
    if (input_ >= 0) ::close(input_);
    input_ = -1;
  }
  /// Blocks until something is printed; "" at the end of the output.
  std::string read_some() {
    std::array<char, 4096> block{};
    ssize_t got = 0;
    do {
      got = ::read(output_, block.data(), block.size());
    } while (got < 0 && errno == EINTR);
    return {block.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
  /// Everything until the program ends.
  std::string read_all() {
    std::string text;
    for (std::string part = read_some(); !part.empty(); part = read_some()) text += part;
    return text;
  }
  void interrupt() {
    if (pid_ > 0) ::kill(pid_, SIGINT);  // -1 would mean every process there is
  }
  /// The exit code; -1 if a signal ended it.
  int wait() {
    if (pid_ > 0) {
      int status = 0;
      ::waitpid(pid_, &status, 0);
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      pid_ = -1;
    }
    return exit_code_;
  }
  /// Standard error so far.
  std::string errors() const {
    std::ifstream in(dir_ / "err", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

 private:
  TempDir dir_;
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int exit_code_ = -1;
};

}  // namespace nest::test
