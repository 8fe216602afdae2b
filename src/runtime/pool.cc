#include "runtime/pool.h"

#include <algorithm>
#include <atomic>
#include <bit>
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

/// Tasks lie in at most 32 chunks. A section is published by storing its number, its number of
/// chunks and a bit for each of them in one word; threads draw chunks by clearing bits. A worker
/// that comes late finds another word and draws nothing, so the caller waits for chunks that were
/// drawn, never for a thread that the system has not woken yet. Thread i begins with its own i-th
/// share, so that sections of the same kind find their weights in the cache where the last one left
/// them.
struct Pool::Impl {
  static constexpr int kMostChunks = 32;

  /// section << 37 | chunks - 1 << 32 | chunks that nobody has drawn
  alignas(64) std::atomic<std::uint64_t> state{0};
  alignas(64) std::atomic<int> done{0};
  alignas(64) std::atomic<std::uint32_t> wake{0};
  std::atomic<bool> stop{false};
  // Written while no chunk is drawn, read after drawing one.
  void (*call)(const void*, int) = nullptr;
  const void* task = nullptr;
  std::int64_t tasks = 0, chunks = 0;
  std::chrono::microseconds spin{50};
  std::vector<std::thread> workers;
  std::vector<int> cores = allowed_cores();
  bool is_pinned = false;
  int callers_core = -1;

  static std::uint32_t undrawn(std::uint64_t s) { return static_cast<std::uint32_t>(s); }
  /// The first undrawn chunk from the share of `thread` on, around.
  int choose(std::uint64_t s, std::size_t thread) const {
    const std::size_t count = (s >> 32 & (kMostChunks - 1)) + 1;
    const std::uint32_t own =
        undrawn(s) & (~std::uint32_t{0} << (count * thread / (workers.size() + 1)));
    return std::countr_zero(own != 0 ? own : undrawn(s));
  }

  void work(std::size_t thread) {
    std::uint64_t s = state.load(std::memory_order_acquire);
    while (undrawn(s) != 0) {
      const int chunk = choose(s, thread);
      const std::uint64_t drawn = s & ~(std::uint64_t{1} << chunk);
      if (!state.compare_exchange_weak(s, drawn, std::memory_order_acquire)) continue;
      const std::int64_t end = tasks * (chunk + 1) / chunks;
      for (std::int64_t i = tasks * chunk / chunks; i < end; ++i) call(task, static_cast<int>(i));
      done.fetch_add(1, std::memory_order_release);
      s = state.load(std::memory_order_acquire);
    }
  }

  /// Returns when there may be something to do.
  void wait_for_section() {
    const std::uint32_t seen = wake.load(std::memory_order_acquire);
    const auto until = std::chrono::steady_clock::now() + spin;
    for (int turn = 1; !stop.load(std::memory_order_acquire); ++turn) {
      if (undrawn(state.load(std::memory_order_acquire)) != 0) return;
      relax();
      if (turn % 64 != 0 || std::chrono::steady_clock::now() < until) continue;
      wake.wait(seen, std::memory_order_acquire);
      return;
    }
  }

  void loop(std::size_t thread) {
    while (!stop.load(std::memory_order_acquire)) {
      work(thread);
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
};

int Pool::threads_for(int threads) {
  return threads > 0 ? threads : available_cores();
}

Pool::Pool(const Options& options)
    : threads_(threads_for(options.threads)), impl_(std::make_unique<Impl>()) {
  impl_->spin = std::chrono::microseconds(options.spin_us);
  for (int i = 1; i < threads_; ++i)
    impl_->workers.emplace_back(
        [impl = impl_.get(), i] { impl->loop(static_cast<std::size_t>(i)); });
  if (options.pin) impl_->pin();
}

Pool::~Pool() {
  impl_->stop.store(true, std::memory_order_release);
  impl_->wake_all();
  for (std::thread& worker : impl_->workers) worker.join();
}

void Pool::dispatch(int tasks, void (*call)(const void*, int), const void* task) noexcept {
  Impl& impl = *impl_;
  impl.leave_callers_core();
  impl.call = call;
  impl.task = task;
  impl.tasks = tasks;
  impl.chunks = std::min(tasks, Impl::kMostChunks);
  impl.done.store(0, std::memory_order_relaxed);
  const auto chunks = static_cast<std::uint64_t>(impl.chunks);
  const std::uint64_t section = (impl.state.load(std::memory_order_relaxed) >> 37) + 1;
  impl.state.store(section << 37 | (chunks - 1) << 32 | ((std::uint64_t{1} << chunks) - 1),
                   std::memory_order_release);
  impl.wake_all();
  impl.work(0);
  for (int turn = 1; impl.done.load(std::memory_order_acquire) != impl.chunks; ++turn) {
    turn % 4096 == 0 ? static_cast<void>(sched_yield()) : relax();
  }
}

}  // namespace nest::runtime
