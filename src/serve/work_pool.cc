#include "serve/work_pool.h"

#include <limits>
#include <utility>

namespace nest::serve {

WorkPool::WorkPool(int threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkPool::~WorkPool() {
  drain();
}

bool WorkPool::put(Task task, std::size_t most) {
  {
    const std::scoped_lock lock(mutex_);
    if (is_draining_ || tasks_.size() >= most) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

bool WorkPool::post(Task task) {
  return put(std::move(task), most_waiting_);
}

bool WorkPool::post_admitted(Task task) {
  return put(std::move(task), std::numeric_limits<std::size_t>::max());
}

void WorkPool::drain() {
  {
    const std::scoped_lock lock(mutex_);
    is_draining_ = true;
  }
  wake_.notify_all();
  threads_.clear();  // joins
}

std::size_t WorkPool::waiting() const {
  const std::scoped_lock lock(mutex_);
  return tasks_.size();
}

void WorkPool::run() {
  while (true) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return is_draining_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace nest::serve
