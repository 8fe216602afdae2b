#pragma once

#include <string>

#include "nest/core/log.h"

namespace nest::test {

/// Keeps what is logged while this lives, one line each: "warning: ...". Lines at debug and above.
class LogCapture {
 public:
  LogCapture()
      : before_(set_log_sink([this](LogLevel level, std::string_view line) {
          static constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
          text_ += fmt::format("{}: {}\n", kNames[static_cast<int>(level)], line);
        })) {
    set_log_level(LogLevel::kDebug);
  }
  ~LogCapture() {
    set_log_level(LogLevel::kInfo);
    set_log_sink(std::move(before_));
  }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  /// Read it when no other thread logs.
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  LogSink before_;
};

}  // namespace nest::test
