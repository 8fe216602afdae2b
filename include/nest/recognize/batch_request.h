#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nest/core/enum.h"
#include "nest/core/error.h"
#include "nest/core/options_fwd.h"

namespace nest::recognize {

/// When requests are joined, and who runs them.
struct BatchOptions {
  int max_batch = 8;        ///< requests run at once
  double max_delay_ms = 5;  ///< longest that a request waits for others; 0: for none
  int workers = 1;          ///< batches in flight; each worker has a runner of its own
  int max_waiting = 1024;   ///< more are refused
};
void visit_fields(FieldVisitor& visitor, BatchOptions& options);
void validate(const BatchOptions& options);

/// What a batcher has to know of a request besides its content.
struct BatchRequest {
  using Clock = std::chrono::steady_clock;

  /// Only requests of one class run together: shapes_of() for graphs, a length for signals.
  std::string length_class = {};
  /// Requests of one sequence (not 0) run one after the other in the order they came, never two at
  /// once: steps of a stateful session.
  std::uint64_t sequence = 0;
  /// A request that has not begun by then is answered kExpired.
  Clock::time_point deadline = Clock::time_point::max();
};

enum class BatchOutcome {
  kDone,
  kFailed,     ///< its own run threw
  kExpired,    ///< its deadline came before its turn
  kCancelled,  ///< by cancel(), or the processor went away
  kRefused,    ///< too many wait, or the processor drains
};
EnumTable enum_table(BatchOutcome of);

/// The one answer that every request gets.
template <class Output>
struct BatchAnswer {
  BatchOutcome outcome = BatchOutcome::kDone;
  std::optional<Output> output;  ///< of kDone alone
  std::exception_ptr error;      ///< of all others
  double waited_ms = 0;          ///< until its batch began, or it was given up
  double ran_ms = 0;             ///< its batch
  int batch_size = 0;            ///< requests in its batch; 0: it did not run

  /// Errors: what its run threw; Interrupted for one that expired, was cancelled or refused.
  Output& get() {
    if (error != nullptr) std::rethrow_exception(error);
    return *output;
  }
};

/// What a processor did so far.
struct BatchFigures {
  std::uint64_t submitted = 0;
  std::uint64_t done = 0, failed = 0, expired = 0, cancelled = 0, refused = 0;
  std::uint64_t batches = 0;
  std::vector<std::uint64_t> by_size;     ///< batches by their number of requests; [0] stays 0
  std::int64_t waiting = 0, running = 0;  ///< requests, now
};
Json to_json(const BatchFigures& figures);

}  // namespace nest::recognize
