#pragma once

#include <cstdint>
#include <memory>

namespace nest::runtime {

/// A fixed team of threads for short parallel sections; the caller works as one of them.
///
/// Workers spin for `spin_us` after a section, then sleep. No allocation and no lock. A section
/// ends when its tasks are done: a worker that is not running yet is not waited for. Which thread
/// runs a task never changes a result: tasks write disjoint memory and their number does not depend
/// on it.
class Pool {
 public:
  struct Options {
    int threads = 1;
    int spin_us = 200;
    /// Every worker on a core of its own: those of the process's affinity mask in order, without
    /// the core of the thread that makes the pool. Otherwise workers keep off the caller's core
    /// alone.
    bool pin = false;
  };
  explicit Pool(const Options& options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return threads_; }
  /// How many a pool of that many has: 0 stands for all cores.
  static int threads_for(int threads);

  /// Calls task(i) once for every i in [0, tasks). One section at a time, not nested.
  template <class F>
  void run(int tasks, const F& task) noexcept {
    if (tasks <= 1 || threads_ == 1) {
      for (int i = 0; i < tasks; ++i) task(i);
      return;
    }
    dispatch(
        tasks, [](const void* f, int i) { (*static_cast<const F*>(f))(i); }, &task);
  }

 private:
  void dispatch(int tasks, void (*call)(const void*, int), const void* task) noexcept;

  struct Impl;
  int threads_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::runtime
