#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nest/core/json_fwd.h"

namespace nest::stream {

/// Where the time of one step went; all in milliseconds.
struct LatencyLedger {
  double age_ms = 0;         ///< from the newest sample's arrival to the text
  double arrival_ms = 0;     ///< age of the newest sample when it arrived, if the source can tell
  double wait_ms = 0;        ///< arrival to the start of processing
  double preprocess_ms = 0;  ///< filters, buffer, normalisation
  double model_ms = 0;
  double decode_ms = 0;
};

/// Latency statistics over a stream; memory is fixed when it is made.
///
/// Keeps the last `capacity` values exactly (quantiles are of these) and counts all of them.
/// State: record() neither allocates nor locks.
class LatencyMonitor {
 public:
  explicit LatencyMonitor(std::size_t capacity = 100000, double deadline_ms = 10);

  void record(double latency_ms) noexcept;
  void record(const LatencyLedger& ledger) noexcept;

  struct Statistics {
    std::int64_t count = 0;
    double mean_ms = 0;
    double p50_ms = 0;
    double p95_ms = 0;
    double p99_ms = 0;
    double p999_ms = 0;
    double max_ms = 0;
    std::int64_t deadline_misses = 0;
  };
  Statistics get_statistics() const;
  std::int64_t count() const noexcept { return count_; }
  double deadline_ms() const { return deadline_ms_; }

  /// Share of values above the threshold, and whether there is none.
  struct Sla {
    bool is_met = false;
    double violation_rate = 0;
  };
  Sla check_sla(double threshold_ms) const;

  /// Mean milliseconds of each part over the recorded ledgers.
  LatencyLedger mean_parts() const;

 private:
  std::vector<double> values_;
  std::size_t next_ = 0;
  std::int64_t count_ = 0;
  std::int64_t ledgers_ = 0;
  std::int64_t misses_ = 0;
  double sum_ms_ = 0;
  double max_ms_ = 0;
  double deadline_ms_;
  LatencyLedger parts_sum_;
};

Json to_json(const LatencyMonitor::Statistics& statistics);

}  // namespace nest::stream
