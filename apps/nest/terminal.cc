#include "terminal.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <semaphore.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "nest/core/json_text.h"
#include "nest/core/log.h"

namespace nest {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";

/// Standard error, shared by log lines and the line of progress.
class Terminal {
 public:
  static Terminal& instance() {
    static auto* terminal = new Terminal;  // logged to until the process is gone
    return *terminal;
  }

  void log(LogLevel level, std::string_view text) {
    static constexpr std::array kNames{"debug", "info", "warning", "error"};
    static constexpr std::array kColors{"36", "32", "33;1", "31;1"};
    const auto at = static_cast<std::size_t>(level);
    const std::lock_guard lock(mutex_);
    write(has_open_line_ ? kClearLine : "");
    write(is_terminal_ ? fmt::format("\x1b[{}m{}\x1b[0m: {}\n", kColors[at], kNames[at], text)
                       : fmt::format("{}: {}\n", kNames[at], text));
    has_open_line_ = false;
  }

  /// At most ten times a second, and when the work ends.
  void show(const ProgressReport& report) {
    if (!is_terminal_) return;
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (report.done == 0 && !report.is_finished) drawn_ = now;
    if (!report.is_finished && now - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_ = now;
    write(kClearLine + progress_text(report) + (report.is_finished ? "\n" : ""));
    has_open_line_ = !report.is_finished;
  }

 private:
  /// What does not arrive is lost: a full disk under the log must not end the work.
  static void write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

  std::mutex mutex_;
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool has_open_line_ = false;
  std::chrono::steady_clock::time_point drawn_;
};

// A signal handler may do next to nothing: it wakes a thread that requests the stop, whose
// callbacks may then do anything.
std::atomic<bool> g_is_asked{false};
sem_t g_asked;

void on_signal(int signal) {
  if (g_is_asked.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  ::sem_post(&g_asked);
}

std::stop_source& stop_source() {
  static auto* source = new std::stop_source;  // the waiting thread outlives static objects
  return *source;
}

void stop_on_signals() {
  ::sem_init(&g_asked, 0, 0);
  std::thread([&source = stop_source()] {
    while (::sem_wait(&g_asked) != 0) {
    }
    source.request_stop();
  }).detach();
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

/// A file opened later must not become standard output because that was closed: printing goes to a
/// descriptor that refuses it instead.
void occupy_closed_streams() {
  for (const int wanted : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(wanted, F_GETFD) >= 0) continue;
    ::open("/dev/null", wanted == STDIN_FILENO ? O_WRONLY : O_RDONLY);  // takes the lowest number
  }
}

}  // namespace

void host_library() {
  occupy_closed_streams();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  set_log_sink(
      [](LogLevel level, std::string_view text) { Terminal::instance().log(level, text); });
  stop_on_signals();
}

int with_standard_output(const std::function<int()>& run) {
  int code = 0;
  int reason = 0;
  try {
    code = run();
  } catch (const std::system_error& error) {  // fmt::print's, or of the operating system elsewhere
    code = exit_code(ErrorCode::kIo);
    reason = error.code().value();
    if (std::ferror(stdout) == 0) log_error("{}", error.what());
  }
  errno = 0;
  const bool arrived = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 &&
                       ::close(STDOUT_FILENO) == 0;  // some file systems say it only now
  if (arrived) return code;
  if (reason == 0) reason = errno;
  log_error("standard output: not everything that was printed arrived: {}",
            reason != 0 ? std::generic_category().message(reason) : "a write failed");
  return exit_code(ErrorCode::kIo);
}

int print_report(bool as_json, const Json& json, std::string_view text) {
  if (as_json) {
    fmt::print("{}\n", json_text(json, 2));
  } else {
    fmt::print("{}", text);
  }
  return 0;
}

const Job& command_job() {
  static const Job job{[](const ProgressReport& report) { Terminal::instance().show(report); },
                       stop_source().get_token()};
  return job;
}

}  // namespace nest
