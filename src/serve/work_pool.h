#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace nest::serve {

/// Threads that compute, with a bounded queue in front of them. State: thread-safe.
class WorkPool {
 public:
  using Task = std::function<void()>;  ///< must not throw

  WorkPool(int threads, std::size_t most_waiting);
  /// drain().
  ~WorkPool();

  /// False if too many wait or the pool drains; never waits itself.
  bool post(Task task);
  /// Work that was admitted before, a stream's next message: taken whatever waits, until the pool
  /// has drained.
  bool post_admitted(Task task);
  /// Runs what waits, then ends the threads.
  void drain();
  std::size_t waiting() const;

 private:
  void run();
  bool put(Task task, std::size_t most);

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  std::size_t most_waiting_;
  bool is_draining_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace nest::serve
