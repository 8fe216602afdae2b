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

EnumTable enum_table(LogLevel /*of*/) {
  static constexpr EnumName kNames[] = {{LogLevel::kDebug, "debug"},
                                        {LogLevel::kInfo, "info"},
                                        {LogLevel::kWarn, "warn"},
                                        {LogLevel::kError, "error"},
                                        {LogLevel::kOff, "off"}};
  return {"log level", kNames};
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
