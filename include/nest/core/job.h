#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

namespace nest {

/// How far one piece of work has come. The texts live as long as the call that hands them over.
struct ProgressReport {
  std::string_view title;    ///< "evaluate"
  std::string_view unit;     ///< plural: "utterances", "steps"
  std::string_view note;     ///< what the work adds: "loss 0.31"; may be empty
  std::int64_t total = 0;    ///< 0: unknown
  std::int64_t done = 0;     ///< may stay below the total if the work failed or was stopped
  double elapsed_s = 0;      ///< since the piece began
  bool is_finished = false;  ///< the last report of this piece
};

/// "1:02:03", "4:05", "12 s"
std::string format_duration(double seconds);

/// One line: "evaluate: 30/100 utterances (30 %), 12/s, 6 s left, loss 0.31".
std::string progress_text(const ProgressReport& report);

/// Hears of a piece of work when it begins, whenever it advances, and when it ends.
///
/// One call at a time for one piece, from any thread. Must not throw.
using ProgressSink = std::function<void(const ProgressReport& report)>;

/// What the caller of long work hands to it: an ear for its progress and a way to stop it.
///
/// The default hears nothing and never stops. The last argument of every function that may take
/// long.
struct Job {
  ProgressSink progress;
  std::stop_token stop;

  /// Errors: Interrupted, "stopped by the user; <remedy>", once a stop has been requested.
  void check_stop(std::string_view remedy) const;
};

/// Reports one piece of work to a job's sink, from construction to destruction.
///
/// State: thread-safe. Cost: one lock and one call of the sink an advance; nothing without a sink.
class Progress {
 public:
  /// The job must outlive this. total 0: unknown. `unit` is plural: "utterances", "steps".
  Progress(const Job& job, std::string title, std::int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t count = 1);
  /// Text that goes with the reports from now on ("loss 0.31, WER 12.0 %").
  void note(std::string text);

 private:
  void report(bool is_finished);

  const ProgressSink& sink_;
  std::mutex mutex_;
  std::string title_;
  std::string unit_;
  std::string note_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace nest
