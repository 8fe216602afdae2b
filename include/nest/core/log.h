#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "nest/core/enum.h"

namespace nest {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };
EnumTable enum_table(LogLevel of);  ///< "debug", "info", "warn", "error", "off"

/// Takes one line, without its end. `level` is never kOff.
///
/// One call at a time, from any thread. Must neither throw nor log.
using LogSink = std::function<void(LogLevel level, std::string_view text)>;

/// Where log lines go from now on; returns where they went before. Empty, the default: nowhere.
///
/// State: thread-safe; the former sink is not called any more once this returns.
LogSink set_log_sink(LogSink sink);

/// Lowest level that reaches the sink (default: info).
void set_log_level(LogLevel level);

/// False if no sink would see a line of this level. Cost: one relaxed load.
bool is_logged(LogLevel level) noexcept;
void log_message(LogLevel level, std::string_view text);

/// Formatted only if somebody listens.
template <class... Args>
void log_debug(fmt::format_string<Args...> text, Args&&... args) {
  if (!is_logged(LogLevel::kDebug)) return;
  log_message(LogLevel::kDebug, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
  if (!is_logged(LogLevel::kInfo)) return;
  log_message(LogLevel::kInfo, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> text, Args&&... args) {
  if (!is_logged(LogLevel::kWarn)) return;
  log_message(LogLevel::kWarn, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> text, Args&&... args) {
  if (!is_logged(LogLevel::kError)) return;
  log_message(LogLevel::kError, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace nest
