#include "nest/core/job.h"

#include "nest/core/error.h"

namespace nest {

void Job::check_stop(std::string_view remedy) const {
  if (stop.stop_requested()) fail(ErrorCode::kInterrupted, "stopped by the user; {}", remedy);
}

Progress::Progress(const Job& job, std::string title, std::int64_t total, std::string unit)
    : sink_(job.progress),
      title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      start_(std::chrono::steady_clock::now()) {
  report(false);
}

Progress::~Progress() {
  report(true);
}

void Progress::advance(std::int64_t count) {
  if (!sink_) return;
  const std::lock_guard lock(mutex_);
  done_ += count;
  report(false);
}

void Progress::note(std::string text) {
  const std::lock_guard lock(mutex_);
  note_ = std::move(text);
}

void Progress::report(bool is_finished) {
  if (!sink_) return;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  sink_({title_, unit_, note_, total_, done_, elapsed.count(), is_finished});
}

}  // namespace nest
