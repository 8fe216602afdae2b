#include "nest/stream/real_time.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "nest/core/error.h"
#include "tests/support/options_laws.h"

namespace nest::stream {
namespace {

using ::testing::HasSubstr;

/// In a thread of its own, so that no other test inherits it.
template <class F>
void alone(F&& body) {
  std::thread(std::forward<F>(body)).join();
}

std::string refused(const RealTimeOptions& options) {
  try {
    apply(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    return error.what();
  }
  return "";
}

TEST(RealTime, options_survive_json_and_are_off_by_default) {
  test::expect_options_laws(RealTimeOptions{}, RealTimeOptions{3, true, 1});
  alone([] {
    cpu_set_t before, after;
    ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
    apply({});
    ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
    EXPECT_TRUE(CPU_EQUAL(&before, &after));
    EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
  });
}

TEST(RealTime, a_pinned_thread_runs_on_its_core_alone) {
  alone([] {
    const int core = sched_getcpu();
    apply({.core = core});
    cpu_set_t cores;
    ASSERT_EQ(sched_getaffinity(0, sizeof cores, &cores), 0);
    EXPECT_EQ(CPU_COUNT(&cores), 1);
    EXPECT_TRUE(CPU_ISSET(static_cast<std::size_t>(core), &cores));
  });
}

TEST(RealTime, a_core_that_is_not_there_is_named) {
  alone([] { EXPECT_THAT(refused({.core = 1023}), HasSubstr("core 1023 is refused")); });
}

TEST(RealTime, the_priority_holds_or_the_missing_right_is_named) {
  alone([] {
    const std::string why = refused({.priority = 1});
    if (why.empty()) {
      EXPECT_EQ(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, SCHED_FIFO);
    } else {
      EXPECT_THAT(why, HasSubstr("CAP_SYS_NICE"));
    }
  });
}

}  // namespace
}  // namespace nest::stream
