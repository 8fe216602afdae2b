#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "nest/recognize/batch_request.h"

namespace nest::recognize {

/// How a request came to its answer.
struct BatchRecord {
  BatchOutcome outcome = BatchOutcome::kDone;
  std::exception_ptr error;
  double waited_ms = 0;
  double ran_ms = 0;
  int batch_size = 0;
};

/// A request of whatever type inside a BatchEngine.
class BatchItem {
 public:
  virtual ~BatchItem() = default;
  /// Called once, from a worker or from whoever cancels. Must not throw.
  virtual void answer(BatchRecord record) = 0;
};

/// The queue and the workers of a BatchProcessor, for items of any type.
///
/// A class of lengths runs when it has a whole batch, when its oldest request has waited for
/// max_delay_ms, or when the tightest deadline leaves time for one more batch, judged by how long
/// batches took; the most pressing class first, and in it the most pressing requests.
/// State: thread-safe. Cost: submit() and cancel() take a lock; a turn looks at all that wait.
class BatchEngine {
 public:
  /// Runs items at once and leaves its results in them. What it throws fails its items; a batch of
  /// several is then run again one by one, so that only the faulty request fails.
  using Run = std::function<void(std::span<BatchItem* const> items)>;

  /// One runner a worker. Errors: FieldError; InvalidArgument unless there is a runner a worker.
  BatchEngine(const BatchOptions& options, std::vector<Run> runners);
  /// Cancels what waits and waits for what runs.
  ~BatchEngine();

  /// Takes a request; never waits. A refused one is answered before this returns. Returns its
  /// ticket for cancel().
  std::uint64_t submit(std::unique_ptr<BatchItem> item, const BatchRequest& request);
  /// False if it has begun or was answered.
  bool cancel(std::uint64_t ticket);
  /// Refuses new requests from now on, runs all that wait, without delay, and waits for them. What
  /// expires meanwhile is answered so.
  void drain();
  BatchFigures figures() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::recognize
