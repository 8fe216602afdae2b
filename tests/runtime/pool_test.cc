// Sections hand plain memory from thread to thread: what the pool does not order, tools/sanitize.sh
// tsan sees.
#include "runtime/pool.h"

#include <atomic>
#include <csignal>
#include <numeric>
#include <thread>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

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

TEST(Pool, many_tasks) {
  Pool pool({3, 50, false});
  std::vector<int> calls(70000, 0);
  pool.run(static_cast<int>(calls.size()), [&](int i) { ++calls[static_cast<std::size_t>(i)]; });
  EXPECT_EQ(std::accumulate(calls.begin(), calls.end(), 0), 70000);
  EXPECT_THAT(calls, testing::Each(1));
}

TEST(Pool, sections_of_the_same_kind_give_a_thread_the_same_tasks) {
  constexpr int kThreads = 3, kTasks = 12;
  Pool pool({kThreads, 100000, false});
  // Each thread waits in its first task until all have one, so none can take another's.
  int same = 0;
  std::vector<std::thread::id> before(kTasks);
  for (int section = 0; section < 20; ++section) {
    std::vector<std::thread::id> by(kTasks);
    std::atomic<int> arrived{0};
    pool.run(kTasks, [&](int i) {
      by[static_cast<std::size_t>(i)] = std::this_thread::get_id();
      if (i % (kTasks / kThreads) != 0) return;
      ++arrived;
      while (arrived < kThreads) std::this_thread::yield();
    });
    for (int first = 0; first < kTasks; first += kTasks / kThreads)
      same += by[static_cast<std::size_t>(first)] == before[static_cast<std::size_t>(first)];
    before = by;
  }
  EXPECT_EQ(same, 19 * kThreads);
}

std::atomic<int> g_held{0};
std::atomic<bool> g_may_go{false};
void hold(int) {
  ++g_held;
  while (!g_may_go) usleep(100);
  --g_held;
}

TEST(Pool, a_thread_that_the_system_does_not_run_holds_nobody_up) {
  Pool pool({3, 50, false});
  // Each thread waits in its task until all have one.
  std::vector<pid_t> threads(3);
  std::atomic<int> arrived{0};
  pool.run(3, [&](int i) {
    threads[static_cast<std::size_t>(i)] = gettid();
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
  });
  struct sigaction hold_it {};
  hold_it.sa_handler = hold;
  ASSERT_EQ(sigaction(SIGUSR1, &hold_it, nullptr), 0);
  // Again until both are held: the thread sanitizer puts a signal off that comes before a sleep.
  while (g_held < 2) {
    for (const pid_t id : threads) {
      if (id == gettid()) continue;
      ASSERT_EQ(syscall(SYS_tgkill, getpid(), id, SIGUSR1), 0);
    }
    usleep(10000);
  }

  std::vector<int> calls(16, 0);
  for (int section = 0; section < 100; ++section)
    pool.run(16, [&](int i) { ++calls[static_cast<std::size_t>(i)]; });
  EXPECT_THAT(calls, testing::Each(100));

  g_may_go = true;
  while (g_held > 0) usleep(100);
  std::signal(SIGUSR1, SIG_IGN);  // one more may be on its way
}

}  // namespace
}  // namespace nest::runtime
