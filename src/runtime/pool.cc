#include "nest/runtime/pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>

#include "nest/core/parallel.h"

namespace nest::runtime {
namespace {

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Cores this process may use, in order.
std::vector<int> allowed_cores() {
  std::vector<int> cores;
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &allowed)) cores.push_back(core);
  return cores;
}

}  // namespace

/// A section is published by storing its number, its tasks and the next of them in one word, from
/// which threads draw tasks by compare-and-swap: a worker that comes late finds another word and
/// draws nothing, so the caller waits for tasks that were drawn, never for a thread that the system
/// has not woken yet.
struct Pool::Impl {
  static constexpr std::uint64_t kTaskBits = 16;
  static constexpr std::uint64_t kMaxTasks = (1u << kTaskBits) - 1;

  std::atomic<std::uint64_t> state{0};  ///< section << 32 | tasks << 16 | next task
  std::atomic<std::uint32_t> done{0};
  std::atomic<std::uint32_t> wake{0};
  std::atomic<bool> stop{false};
  // Written while no task is drawn, read after drawing one.
  void (*call)(const void*, int) = nullptr;
  const void* task = nullptr;
  int first = 0;
  std::chrono::microseconds spin{50};
  std::vector<std::thread> workers;
  std::vector<int> cores = allowed_cores();
  bool is_pinned = false;
  int callers_core = -1;

  static bool has_task(std::uint64_t s) { return (s & kMaxTasks) < (s >> kTaskBits & kMaxTasks); }

  void work() {
    std::uint64_t s = state.load(std::memory_order_acquire);
    while (has_task(s)) {
      if (!state.compare_exchange_weak(s, s + 1, std::memory_order_acquire)) continue;
      call(task, first + static_cast<int>(s & kMaxTasks));
      done.fetch_add(1, std::memory_order_release);
      s = state.load(std::memory_order_acquire);
    }
  }

  /// Returns when there may be something to do.
  void wait_for_section() {
    const std::uint32_t seen = wake.load(std::memory_order_acquire);
    const auto until = std::chrono::steady_clock::now() + spin;
    for (int turn = 1; !stop.load(std::memory_order_acquire); ++turn) {
      if (has_task(state.load(std::memory_order_acquire))) return;
      relax();
      if (turn % 64 != 0 || std::chrono::steady_clock::now() < until) continue;
      wake.wait(seen, std::memory_order_acquire);
      return;
    }
  }

  void loop() {
    while (!stop.load(std::memory_order_acquire)) {
      work();
      wait_for_section();
    }
  }

  void wake_all() {
    wake.fetch_add(1, std::memory_order_release);
    wake.notify_all();
  }

  /// Linux likes to wake a thread on the core of the thread that wakes it, where it would wait for
  /// milliseconds behind a caller that does not sleep. So workers may run anywhere but there.
  void leave_callers_core() {
    const int core = sched_getcpu();
    if (is_pinned || core < 0 || core == callers_core || cores.size() < 2) return;
    callers_core = core;
    cpu_set_t others;
    CPU_ZERO(&others);
    for (const int other : cores)
      if (other != core) CPU_SET(other, &others);
    for (std::thread& worker : workers)
      pthread_setaffinity_np(worker.native_handle(), sizeof others, &others);
  }

  /// Worker i on the i-th core that is not the caller's.
  void pin() {
    is_pinned = true;
    const int callers = sched_getcpu();
    std::vector<int> free_cores;
    for (const int core : cores)
      if (core != callers) free_cores.push_back(core);
    for (std::size_t i = 0; i < workers.size() && !free_cores.empty(); ++i) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(free_cores[i % free_cores.size()], &one);
      pthread_setaffinity_np(workers[i].native_handle(), sizeof one, &one);
    }
  }

  void run_section(int begin, int tasks) {
    first = begin;
    done.store(0, std::memory_order_relaxed);
    const std::uint64_t section = (state.load(std::memory_order_relaxed) >> 32) + 1;
    state.store(section << 32 | static_cast<std::uint64_t>(tasks) << kTaskBits,
                std::memory_order_release);
    wake_all();
    work();
    for (int turn = 1; done.load(std::memory_order_acquire) != static_cast<std::uint32_t>(tasks);
         ++turn) {
      turn % 4096 == 0 ? static_cast<void>(sched_yield()) : relax();
    }
  }
};

Pool::Pool(const Options& options)
    : threads_(options.threads > 0 ? options.threads : available_cores()),
      impl_(std::make_unique<Impl>()) {
  impl_->spin = std::chrono::microseconds(options.spin_us);
  for (int i = 1; i < threads_; ++i)
    impl_->workers.emplace_back([impl = impl_.get()] { impl->loop(); });
  if (options.pin) impl_->pin();
}

Pool::~Pool() {
  impl_->stop.store(true, std::memory_order_release);
  impl_->wake_all();
  for (std::thread& worker : impl_->workers) worker.join();
}

void Pool::dispatch(int tasks, void (*call)(const void*, int), const void* task) noexcept {
  impl_->leave_callers_core();
  impl_->call = call;
  impl_->task = task;
  constexpr auto kMost = static_cast<int>(Impl::kMaxTasks);
  for (int begin = 0; begin < tasks; begin += kMost)
    impl_->run_section(begin, std::min(tasks - begin, kMost));
}

}  // namespace nest::runtime
