// What the command shows of the library's log and progress, on a terminal and in a pipe, and how
// Ctrl-C ends it.
#include <array>
#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/apps/binary.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

struct Ended {
  int exit_code = -1;  ///< -1: a signal ended it
  std::string shown;
};

/// Runs nest with standard error on a terminal of its own; Ctrl-C comes once `stop_at` is shown.
Ended run_on_terminal(const std::vector<std::string>& arguments, const std::string& stop_at = "") {
  Ended ended;
  int ours = -1, theirs = -1;
  if (::openpty(&ours, &theirs, nullptr, nullptr, nullptr) != 0) {
    ADD_FAILURE() << "no terminal to run on (is /dev/pts mounted?)";
    return ended;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
    ::dup2(theirs, STDERR_FILENO);
    std::vector<char*> argv{const_cast<char*>("nest")};
    for (const std::string& text : arguments) argv.push_back(const_cast<char*>(text.c_str()));
    argv.push_back(nullptr);
    ::execv(NEST_BINARY, argv.data());
    ::_exit(127);
  }
  ::close(theirs);
  std::array<char, 4096> block;
  bool is_stopped = stop_at.empty();
  for (ssize_t got; (got = ::read(ours, block.data(), block.size())) > 0;) {
    ended.shown.append(block.data(), static_cast<std::size_t>(got));
    if (!is_stopped && ended.shown.find(stop_at) != std::string::npos) {
      is_stopped = ::kill(child, SIGINT) == 0;
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ours);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  return ended;
}

std::vector<std::string> synth(const test::TempDir& dir, const std::string& sentences) {
  return {"synth",  "--out", (dir / "data").string(), "--sentences", sentences, "--channels", "4",
          "--rate", "125"};
}

TEST(Terminal, progress_is_one_line_that_ends_complete) {
  const test::TempDir dir;
  const Ended ended = run_on_terminal(synth(dir, "30"));
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.shown, HasSubstr("\r\x1b[Ksynth: 30/30 utterances (100 %), "));
  EXPECT_THAT(ended.shown, EndsWith("\r\n"));
  EXPECT_EQ(ended.shown.find('\n'), ended.shown.size() - 1);
}

TEST(Terminal, ctrl_c_ends_work_with_what_is_left_of_it_and_exit_code_4) {
  const test::TempDir dir;
  const Ended ended = run_on_terminal(synth(dir, "100000"), "utterances (");
  EXPECT_EQ(ended.exit_code, test::kInterruptedExitCode);
  EXPECT_THAT(ended.shown, HasSubstr("stopped by the user; the folder is incomplete"));
}

TEST(Terminal, ctrl_c_acts_while_intervals_are_computed) {
  const test::TempDir dir;
  const std::string data = (dir / "data").string();
  ASSERT_EQ(
      run_on_terminal({"synth", "--out", data, "--sentences", "20", "--rate", "125"}).exit_code, 0);
  const std::string model = (test::tests_dir().parent_path() / "models/synth_ctc.pt").string();
  const Ended ended = run_on_terminal({"benchmark", "--replicates", "10000000", "--split", "train",
                                       "--model", model, "--data", data},
                                      "(100 %)");
  EXPECT_EQ(ended.exit_code, test::kInterruptedExitCode);
  EXPECT_THAT(ended.shown, HasSubstr("stopped by the user; the intervals are not complete"));
}

TEST(Terminal, nothing_is_drawn_in_a_pipe_and_log_lines_have_no_colours_there) {
  const test::TempDir dir;
  std::string arguments;
  for (const std::string& text : synth(dir, "30")) arguments += text + " ";
  const auto quiet = test::run_nest(NEST_BINARY, arguments);
  EXPECT_EQ(quiet.exit_code, 0);
  EXPECT_EQ(quiet.err, "");
  const auto wrong = test::run_nest(NEST_BINARY, "synth");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, AllOf(testing::StartsWith("error: give --out"), Not(HasSubstr("\x1b"))));
  const auto silent = test::run_nest(NEST_BINARY, "synth --log-level off");
  EXPECT_EQ(silent.exit_code, 2);
  EXPECT_EQ(silent.err, wrong.err);  // the level is of log lines; an error is always said
}

}  // namespace
}  // namespace nest
