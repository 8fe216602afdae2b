#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace nest {

/// One line of progress with rate and time left on a terminal; silent in a pipe.
///
/// Drawn on standard error at most ten times a second. Thread-safe.
class Progress {
 public:
  /// total 0: unknown. `unit` is plural: "utterances", "steps".
  Progress(std::string title, std::int64_t total, std::string unit);
  /// Ends the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t count = 1);
  /// Extra text at the end of the line ("loss 0.31, WER 12.0 %").
  void note(std::string text);

 private:
  void draw(bool last);

  std::mutex mutex_;
  std::string title_;
  std::string unit_;
  std::string note_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
  bool visible_;
};

/// "1:02:03", "4:05", "12 s"
std::string format_duration(double seconds);

/// Makes Ctrl-C and SIGTERM set a flag instead of ending the process; a second one ends it.
void install_interrupt_handler();
/// True once the user asked to stop.
bool interrupted() noexcept;
/// Throws Error(kInterrupted, "stopped: <what can be resumed>") if the user asked to stop.
void check_interrupted(std::string_view remedy);

}  // namespace nest
