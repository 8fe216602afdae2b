#include "nest/core/log.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "tests/support/log_capture.h"

namespace nest {
namespace {

/// Counts how often it is formatted.
struct Costly {
  int* formatted;
};
}  // namespace
}  // namespace nest

template <>
struct fmt::formatter<nest::Costly> : fmt::formatter<int> {
  auto format(const nest::Costly& value, fmt::format_context& context) const {
    return fmt::formatter<int>::format(++*value.formatted, context);
  }
};

namespace nest {
namespace {

TEST(Log, a_library_without_a_sink_writes_nothing_and_formats_nothing) {
  int formatted = 0;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  log_error("{}", Costly{&formatted});
  EXPECT_EQ(testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(formatted, 0);
  EXPECT_FALSE(is_logged(LogLevel::kError));
}

TEST(Log, the_sink_gets_lines_of_the_level_and_above) {
  const test::LogCapture log;
  int formatted = 0;
  set_log_level(LogLevel::kWarn);
  log_debug("{}", Costly{&formatted});
  log_info("{}", Costly{&formatted});
  log_warn("{} channels", 3);
  log_error("{} files", 4);
  EXPECT_EQ(log.text(), "warning: 3 channels\nerror: 4 files\n");
  EXPECT_EQ(formatted, 0);
  set_log_level(LogLevel::kOff);
  log_error("unheard");
  EXPECT_EQ(log.text(), "warning: 3 channels\nerror: 4 files\n");
}

TEST(Log, set_log_sink_gives_the_sink_before_back) {
  int first = 0, second = 0;
  set_log_sink([&](LogLevel, std::string_view) { ++first; });
  LogSink before = set_log_sink([&](LogLevel, std::string_view) { ++second; });
  log_warn("to the second");
  set_log_sink(std::move(before));
  log_warn("to the first");
  set_log_sink({});
  log_warn("to none");
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

TEST(Log, lines_of_many_threads_come_one_at_a_time) {
  const test::LogCapture log;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 100; ++i) log_info("line");
      });
    }
  }
  std::string expected;
  for (int i = 0; i < 400; ++i) expected += "info: line\n";
  EXPECT_EQ(log.text(), expected);
}

TEST(Log, unknown_level_names_are_errors) {
  EXPECT_EQ(from_name<LogLevel>("warn"), LogLevel::kWarn);
  EXPECT_THROW(from_name<LogLevel>("loud"), Error);
}

}  // namespace
}  // namespace nest
