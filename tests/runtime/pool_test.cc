// Sections hand plain memory from thread to thread: what the pool does not order, tools/sanitize.sh
// tsan sees.
#include "nest/runtime/pool.h"

#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nest::runtime {
namespace {

class PoolOf : public testing::TestWithParam<std::tuple<int, int, bool>> {
 protected:
  Pool::Options options() const {
    const auto [threads, spin_us, pin] = GetParam();
    return {threads, spin_us, pin};
  }
};
INSTANTIATE_TEST_SUITE_P(ThreadsSpinPin, PoolOf,
                         testing::Combine(testing::Values(1, 2, 3, 8), testing::Values(0, 50),
                                          testing::Bool()));

TEST_P(PoolOf, a_section_runs_every_task_once_and_sees_what_the_one_before_wrote) {
  constexpr int kSections = 200;
  Pool pool(options());
  for (const std::size_t tasks : {1, 2, 7, 64}) {
    std::vector<int> from(tasks, 0), to(tasks, 0), calls(tasks, 0);
    for (int section = 0; section < kSections; ++section) {
      pool.run(static_cast<int>(tasks), [&](int task) {
        const auto i = static_cast<std::size_t>(task);
        to[i] = from[tasks - 1 - i] + 1;
        ++calls[i];
      });
      std::swap(from, to);
    }
    EXPECT_THAT(from, testing::Each(kSections)) << tasks;
    EXPECT_THAT(calls, testing::Each(kSections)) << tasks;
  }
}

TEST_P(PoolOf, ends_at_once_whether_its_threads_start_spin_or_sleep) {
  for (int sections = 0; sections < 60; ++sections) {
    Pool pool(options());
    int sum = 0;
    for (int section = 0; section < sections; ++section) {
      int parts[2] = {};
      pool.run(2, [&](int i) { parts[i] = 1; });
      sum += parts[0] + parts[1];
    }
    EXPECT_EQ(sum, 2 * sections);
  }
}

}  // namespace
}  // namespace nest::runtime
