#include "nest/runtime/pool.h"

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

void pin_to(std::thread& thread, int index) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  int seen = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || seen++ != index) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    pthread_setaffinity_np(thread.native_handle(), sizeof one, &one);
    return;
  }
}

}  // namespace

/// A section is published by raising `epoch`; its tasks are drawn from `next`; it ends when `busy`
/// falls to zero, so every worker has seen a section before the next one begins.
struct Pool::Impl {
  std::atomic<std::uint32_t> epoch{0};
  std::atomic<int> busy{0};
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> stop{false};
  int tasks = 0;
  void (*call)(const void*, int) = nullptr;
  const void* task = nullptr;
  std::chrono::microseconds spin{50};
  std::vector<std::thread> workers;

  void work() {
    for (;;) {
      const std::uint64_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= static_cast<std::uint64_t>(tasks)) return;
      call(task, static_cast<int>(i));
    }
  }

  void wait_for_change(std::uint32_t seen) {
    const auto until = std::chrono::steady_clock::now() + spin;
    for (int turn = 1; epoch.load(std::memory_order_acquire) == seen; ++turn) {
      relax();
      if (turn % 64 != 0 || std::chrono::steady_clock::now() < until) continue;
      epoch.wait(seen, std::memory_order_acquire);
      return;
    }
  }

  void loop() {
    std::uint32_t seen = 0;
    for (;;) {
      wait_for_change(seen);
      seen = epoch.load(std::memory_order_acquire);
      if (stop.load(std::memory_order_acquire)) return;
      work();
      busy.fetch_sub(1, std::memory_order_release);
    }
  }

  void publish() {
    epoch.fetch_add(1, std::memory_order_release);
    epoch.notify_all();
  }
};

Pool::Pool(const Options& options)
    : threads_(options.threads > 0 ? options.threads : available_cores()),
      impl_(std::make_unique<Impl>()) {
  impl_->spin = std::chrono::microseconds(options.spin_us);
  for (int i = 1; i < threads_; ++i) {
    impl_->workers.emplace_back([impl = impl_.get()] { impl->loop(); });
    if (options.pin) pin_to(impl_->workers.back(), i);
  }
}

Pool::~Pool() {
  impl_->stop.store(true, std::memory_order_release);
  impl_->publish();
  for (std::thread& worker : impl_->workers) worker.join();
}

void Pool::dispatch(int tasks, void (*call)(const void*, int), const void* task) noexcept {
  Impl& impl = *impl_;
  impl.tasks = tasks;
  impl.call = call;
  impl.task = task;
  impl.next.store(0, std::memory_order_relaxed);
  impl.busy.store(threads_ - 1, std::memory_order_relaxed);
  impl.publish();
  impl.work();
  for (int turn = 1; impl.busy.load(std::memory_order_acquire) != 0; ++turn) {
    turn % 4096 == 0 ? static_cast<void>(sched_yield()) : relax();
  }
}

}  // namespace nest::runtime
