#include "nest/core/job.h"

#include "nest/core/error.h"

namespace nest {

void Job::check_stop(std::string_view remedy) const {
  if (stop.stop_requested()) fail(ErrorCode::kInterrupted, "stopped by the user; {}", remedy);
}

std::string format_duration(double seconds) {
  const auto total = static_cast<long>(seconds + 0.5);
  if (total >= 3600) {
    return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
  }
  return total >= 60 ? fmt::format("{}:{:02}", total / 60, total % 60) : fmt::format("{} s", total);
}

std::string progress_text(const ProgressReport& r) {
  std::string line = fmt::format("{}: {}", r.title, r.done);
  if (r.total > 0) line += fmt::format("/{}", r.total);
  line += fmt::format(" {}", r.unit);
  const auto done = static_cast<double>(r.done), total = static_cast<double>(r.total);
  if (r.total > 0) line += fmt::format(" ({:.0f} %)", 100 * done / total);
  const double rate = r.elapsed_s > 0 ? done / r.elapsed_s : 0;
  line += fmt::format(", {:.3g}/s", rate);
  if (r.is_finished) {
    line += ", " + format_duration(r.elapsed_s);
  } else if (r.total > r.done && rate > 0) {
    line += ", " + format_duration((total - done) / rate) + " left";
  }
  if (!r.note.empty()) line += fmt::format(", {}", r.note);
  return line;
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
