#pragma once

#include <string_view>

#include <fmt/format.h>

namespace nest {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };

/// Lowest level that is printed (default: info). All log lines go to standard error.
void set_log_level(LogLevel level);
/// "debug", "info", "warn", "error", "off". Errors: InvalidArgument.
LogLevel log_level_from_name(std::string_view name);

void log_message(LogLevel level, std::string_view text);

template <class... Args>
void log_debug(fmt::format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::kDebug, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::kInfo, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::kWarn, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::kError, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace nest
