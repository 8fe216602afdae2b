#pragma once

#include <functional>
#include <future>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "nest/recognize/batch_engine.h"

namespace nest::recognize {

/// Joins requests of many callers to batches; every caller gets the answer to its own request.
///
///   BatchProcessor<Tensor, decode::Recognition> processor(options, {run});
///   auto answer = processor.submit(signal, {.length_class = "500"});
///   use(answer.get().get().text);
///
/// See BatchEngine for when batches run. A request is answered once, whatever happens: no later
/// than its deadline and one batch, since one that has not begun by its deadline is given up, and
/// at the end cancelled. State: thread-safe.
template <class Input, class Output>
class BatchProcessor {
 public:
  using Answer = BatchAnswer<Output>;
  /// Outputs in the order of the inputs. Each worker has its own, so it needs no lock. An input may
  /// be shown twice: in a batch that failed, and alone.
  using Run = std::function<std::vector<Output>(std::span<const Input> inputs)>;
  /// Hears of the answer on a worker's thread (a refused or cancelled one's: on the caller's). Must
  /// not throw nor wait for other answers.
  using Done = std::function<void(Answer answer)>;

  /// Errors: FieldError; InvalidArgument unless there is one runner a worker.
  BatchProcessor(const BatchOptions& options, std::vector<Run> runners)
      : engine_(options, wrapped(std::move(runners))) {}

  std::future<Answer> submit(Input input, const BatchRequest& request = {}) {
    auto promise = std::make_shared<std::promise<Answer>>();
    std::future<Answer> future = promise->get_future();
    submit(std::move(input), request,
           [promise](Answer answer) { promise->set_value(std::move(answer)); });
    return future;
  }
  /// Returns a ticket for cancel().
  std::uint64_t submit(Input input, const BatchRequest& request, Done done) {
    return engine_.submit(std::make_unique<Item>(std::move(input), std::move(done)), request);
  }
  /// False if it has begun or was answered; else it is answered kCancelled.
  bool cancel(std::uint64_t ticket) { return engine_.cancel(ticket); }
  /// Refuses new requests and waits until all others are answered.
  void drain() { engine_.drain(); }
  BatchFigures figures() const { return engine_.figures(); }

 private:
  struct Item final : BatchItem {
    Item(Input value, Done callback) : input(std::move(value)), done(std::move(callback)) {}
    void answer(BatchRecord r) override {
      done({r.outcome, std::move(output), r.error, r.waited_ms, r.ran_ms, r.batch_size});
    }
    Input input;
    std::optional<Output> output;
    Done done;
  };

  static std::vector<BatchEngine::Run> wrapped(std::vector<Run> runners) {
    std::vector<BatchEngine::Run> runs;
    for (Run& run : runners) {
      runs.push_back([run = std::move(run)](std::span<BatchItem* const> items) {
        std::vector<Input> inputs;
        for (BatchItem* item : items) inputs.push_back(static_cast<Item*>(item)->input);
        std::vector<Output> outputs = run(inputs);
        require(outputs.size() == items.size(), ErrorCode::kInternal,
                "a batch of {} requests got {} results", items.size(), outputs.size());
        for (std::size_t i = 0; i < items.size(); ++i)
          static_cast<Item*>(items[i])->output = std::move(outputs[i]);
      });
    }
    return runs;
  }

  BatchEngine engine_;
};

}  // namespace nest::recognize
