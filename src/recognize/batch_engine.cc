#include "nest/recognize/batch_engine.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "batch_planner.h"

namespace nest::recognize {
namespace {

using Clock = BatchRequest::Clock;

double ms_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double, std::milli>(end - begin).count();
}

std::exception_ptr interrupted(std::string_view why) {
  return std::make_exception_ptr(Error(ErrorCode::kInterrupted, std::string(why)));
}

struct Pending {
  std::unique_ptr<BatchItem> item;
  Clock::time_point arrived;
};
using Batch = std::vector<Pending>;

void answer(const Pending& pending, BatchRecord record) {
  pending.item->answer(std::move(record));
}

void give_up(const Batch& batch, BatchOutcome outcome, std::string_view why) {
  const Clock::time_point now = Clock::now();
  for (const Pending& pending : batch)
    answer(pending, {outcome, interrupted(why), ms_between(pending.arrived, now)});
}

std::exception_ptr error_of(const BatchEngine::Run& run, std::span<BatchItem* const> items) {
  try {
    run(items);
    return nullptr;
  } catch (...) {  // whatever it was, it is the callers': each gets the one of its own item
    return std::current_exception();
  }
}

/// What each item's run threw; null for those that went well.
std::vector<std::exception_ptr> errors_of(const BatchEngine::Run& run, const Batch& batch) {
  std::vector<BatchItem*> items;
  for (const Pending& pending : batch) items.push_back(pending.item.get());
  std::vector<std::exception_ptr> errors(items.size());
  const std::exception_ptr joint = error_of(run, items);
  if (joint == nullptr) return errors;
  if (items.size() == 1) return {joint};
  for (std::size_t i = 0; i < items.size(); ++i)
    errors[i] = error_of(run, std::span(items).subspan(i, 1));
  return errors;
}

}  // namespace

struct BatchEngine::Impl {
  explicit Impl(const BatchOptions& given) : options(given), planner(given) {
    figures.by_size.resize(static_cast<std::size_t>(options.max_batch) + 1);
  }

  BatchOptions options;
  mutable std::mutex mutex;
  std::condition_variable changed;  ///< workers look again
  std::condition_variable settled;  ///< drain() looks again
  BatchPlanner planner;
  std::unordered_map<std::uint64_t, Pending> pending;  ///< that wait
  BatchFigures figures;
  std::size_t unanswered = 0;  ///< requests that wait no more and have no answer yet
  std::uint64_t last_ticket = 0;
  bool is_closed = false;    ///< takes no more
  bool is_stopping = false;  ///< workers end once nothing waits
  std::vector<std::thread> workers;

  Batch take(const BatchPlanner::Ids& ids);
  void settle(const Batch& answered) {
    unanswered -= answered.size();
    settled.notify_all();
  }
  void work(const Run& run);
  /// `begin`: when it was judged that they may still begin.
  void run_batch(const Run& run, const BatchPlanner::Ids& ids, Clock::time_point begin,
                 std::unique_lock<std::mutex>& lock);
};

Batch BatchEngine::Impl::take(const BatchPlanner::Ids& ids) {
  Batch batch;
  unanswered += ids.size();
  for (const std::uint64_t id : ids) {
    const auto found = pending.find(id);
    batch.push_back(std::move(found->second));
    pending.erase(found);
  }
  return batch;
}

void BatchEngine::Impl::run_batch(const Run& run, const BatchPlanner::Ids& ids,
                                  Clock::time_point begin, std::unique_lock<std::mutex>& lock) {
  const Batch batch = take(ids);
  ++figures.batches;
  ++figures.by_size[batch.size()];
  figures.running += static_cast<std::int64_t>(batch.size());
  const bool are_others_waiting = !planner.is_empty();
  lock.unlock();
  if (are_others_waiting) changed.notify_one();  // somebody must know when they are due
  const std::vector<std::exception_ptr> errors = errors_of(run, batch);
  const Clock::time_point end = Clock::now();
  lock.lock();
  planner.finished(ids, end - begin);
  for (const std::exception_ptr& error : errors)
    ++(error == nullptr ? figures.done : figures.failed);
  lock.unlock();
  changed.notify_all();  // the next steps of its sequences may run
  for (std::size_t i = 0; i < batch.size(); ++i) {
    answer(batch[i], {errors[i] == nullptr ? BatchOutcome::kDone : BatchOutcome::kFailed, errors[i],
                      ms_between(batch[i].arrived, begin), ms_between(begin, end),
                      static_cast<int>(batch.size())});
  }
  lock.lock();
  figures.running -= static_cast<std::int64_t>(batch.size());
  settle(batch);
}

void BatchEngine::Impl::work(const Run& run) {
  std::unique_lock lock(mutex);
  for (;;) {
    const Clock::time_point now = Clock::now();
    const BatchPlanner::Turn turn = planner.next(now);
    if (!turn.expired.empty()) {
      const Batch late = take(turn.expired);
      figures.expired += late.size();
      lock.unlock();
      give_up(late, BatchOutcome::kExpired, "the request's deadline came before its turn");
      lock.lock();
      settle(late);
    }
    if (!turn.batch.empty()) {
      run_batch(run, turn.batch, now, lock);
    } else if (is_stopping && planner.is_empty()) {
      return;
    } else if (turn.expired.empty()) {
      if (turn.wake == Clock::time_point::max()) {
        changed.wait(lock);
      } else {
        changed.wait_until(lock, turn.wake);
      }
    }
  }
}

BatchEngine::BatchEngine(const BatchOptions& options, std::vector<Run> runners) {
  validate(options);
  require(runners.size() == static_cast<std::size_t>(options.workers), ErrorCode::kInvalidArgument,
          "{} runners for {} workers: there must be one each", runners.size(), options.workers);
  impl_ = std::make_unique<Impl>(options);
  for (Run& run : runners)
    impl_->workers.emplace_back([impl = impl_.get(), run = std::move(run)] { impl->work(run); });
}

BatchEngine::~BatchEngine() {
  Batch rest;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_closed = impl_->is_stopping = true;
    const BatchPlanner::Ids ids = impl_->planner.all();
    for (const std::uint64_t id : ids) impl_->planner.remove(id);
    rest = impl_->take(ids);
    impl_->figures.cancelled += rest.size();
  }
  impl_->changed.notify_all();
  give_up(rest, BatchOutcome::kCancelled, "the batch processor ended before the request's turn");
  for (std::thread& worker : impl_->workers) worker.join();
}

std::uint64_t BatchEngine::submit(std::unique_ptr<BatchItem> item, const BatchRequest& request) {
  Pending made{std::move(item), Clock::now()};
  std::uint64_t ticket = 0;
  bool is_draining = false;
  {
    const std::lock_guard lock(impl_->mutex);
    BatchFigures& figures = impl_->figures;
    ticket = ++impl_->last_ticket;
    ++figures.submitted;
    is_draining = impl_->is_closed;
    if (!is_draining && static_cast<int>(impl_->planner.size()) < impl_->options.max_waiting) {
      impl_->planner.add(ticket, request, made.arrived);
      impl_->pending.emplace(ticket, std::move(made));
    } else {
      ++figures.refused;
    }
  }
  impl_->changed.notify_one();
  if (made.item == nullptr) return ticket;
  const std::string full = fmt::format("{} requests wait already, the limit of `max_waiting`",
                                       impl_->options.max_waiting);
  answer(made, {BatchOutcome::kRefused,
                interrupted(is_draining ? "the batch processor takes no more requests" : full)});
  return ticket;
}

bool BatchEngine::cancel(std::uint64_t ticket) {
  Batch batch;
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->planner.remove(ticket)) return false;
    batch = impl_->take({ticket});
    ++impl_->figures.cancelled;
  }
  impl_->changed.notify_all();  // a later step of its sequence may run
  give_up(batch, BatchOutcome::kCancelled, "the request was cancelled");
  const std::lock_guard lock(impl_->mutex);
  impl_->settle(batch);
  return true;
}

void BatchEngine::drain() {
  std::unique_lock lock(impl_->mutex);
  impl_->is_closed = true;
  impl_->planner.hurry();
  impl_->changed.notify_all();
  impl_->settled.wait(lock, [&] { return impl_->planner.is_empty() && impl_->unanswered == 0; });
}

BatchFigures BatchEngine::figures() const {
  const std::lock_guard lock(impl_->mutex);
  BatchFigures figures = impl_->figures;
  figures.waiting = static_cast<std::int64_t>(impl_->planner.size());
  return figures;
}

}  // namespace nest::recognize
