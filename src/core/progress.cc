#include "nest/core/progress.h"

#include <atomic>
#include <csignal>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "nest/core/error.h"

namespace nest {
namespace {

std::atomic<bool> stop_requested{false};

void on_signal(int signal) {
  if (stop_requested.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

std::string format_duration(double seconds) {
  const auto total = static_cast<long>(seconds + 0.5);
  if (total >= 3600) {
    return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
  }
  return total >= 60 ? fmt::format("{}:{:02}", total / 60, total % 60) : fmt::format("{} s", total);
}

Progress::Progress(std::string title, std::int64_t total, std::string unit)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      start_(std::chrono::steady_clock::now()),
      drawn_(start_),
      visible_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  const std::lock_guard lock(mutex_);
  draw(true);
}

void Progress::advance(std::int64_t count) {
  const std::lock_guard lock(mutex_);
  done_ += count;
  draw(false);
}

void Progress::note(std::string text) {
  const std::lock_guard lock(mutex_);
  note_ = std::move(text);
}

void Progress::draw(bool last) {
  if (!visible_) return;
  const auto now = std::chrono::steady_clock::now();
  if (!last && now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
  std::string line = title_ + ": ";
  if (total_ > 0) {
    line += fmt::format("{}/{} {} ({:.0f} %)", done_, total_, unit_,
                        100.0 * static_cast<double>(done_) / static_cast<double>(total_));
  } else {
    line += fmt::format("{} {}", done_, unit_);
  }
  line += fmt::format(", {:.3g}/s", rate);
  if (last) {
    line += ", " + format_duration(elapsed);
  } else if (total_ > done_ && rate > 0) {
    line += ", " + format_duration(static_cast<double>(total_ - done_) / rate) + " left";
  }
  if (!note_.empty()) line += ", " + note_;
  fmt::print(stderr, "\r{}\x1b[K{}", line, last ? "\n" : "");
  std::fflush(stderr);
}

void install_interrupt_handler() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool interrupted() noexcept {
  return stop_requested.load(std::memory_order_relaxed);
}

void check_interrupted(std::string_view remedy) {
  if (interrupted()) fail(ErrorCode::kInterrupted, "stopped by the user; {}", remedy);
}

}  // namespace nest
