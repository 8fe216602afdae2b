#include "nest/core/log.h"

#include <atomic>
#include <mutex>

#include "nest/core/error.h"

namespace nest {
namespace {

struct Log {
  std::mutex mutex;
  LogSink sink;
  LogLevel level = LogLevel::kInfo;
  std::atomic<LogLevel> threshold{LogLevel::kOff};  ///< kOff while there is no sink

  void update() { threshold.store(sink ? level : LogLevel::kOff, std::memory_order_relaxed); }
};

// Never destroyed: destructors of other static objects may still log.
Log& instance() {
  static auto* log = new Log;
  return *log;
}

}  // namespace

LogSink set_log_sink(LogSink sink) {
  Log& log = instance();
  const std::lock_guard lock(log.mutex);
  std::swap(log.sink, sink);
  log.update();
  return sink;
}

void set_log_level(LogLevel level) {
  Log& log = instance();
  const std::lock_guard lock(log.mutex);
  log.level = level;
  log.update();
}

LogLevel log_level_from_name(std::string_view name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warn") return LogLevel::kWarn;
  if (name == "error") return LogLevel::kError;
  if (name == "off") return LogLevel::kOff;
  fail(ErrorCode::kInvalidArgument, "unknown log level '{}'; known: debug, info, warn, error, off",
       name);
}

bool is_logged(LogLevel level) noexcept {
  return level != LogLevel::kOff && level >= instance().threshold.load(std::memory_order_relaxed);
}

void log_message(LogLevel level, std::string_view text) {
  if (!is_logged(level)) return;
  Log& log = instance();
  const std::lock_guard lock(log.mutex);
  if (log.sink) log.sink(level, text);
}

}  // namespace nest
