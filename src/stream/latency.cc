#include "nest/stream/latency.h"

#include <algorithm>
#include <cmath>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/stream/token_latency.h"

namespace nest::stream {
namespace {

/// Nearest-rank quantile of sorted values.
double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  const double rank = std::ceil(q * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace

LatencyMonitor::LatencyMonitor(std::size_t capacity, double deadline_ms)
    : values_(capacity, 0.0), deadline_ms_(deadline_ms) {
  require(capacity > 0, ErrorCode::kInvalidArgument, "a latency monitor needs room for one value");
}

void LatencyMonitor::record(double latency_ms) noexcept {
  values_[next_] = latency_ms;
  next_ = next_ + 1 == values_.size() ? 0 : next_ + 1;
  ++count_;
  sum_ms_ += latency_ms;
  max_ms_ = std::max(max_ms_, latency_ms);
  if (latency_ms > deadline_ms_) ++misses_;
}

void LatencyMonitor::record(const LatencyLedger& ledger) noexcept {
  record(ledger.age_ms);
  ++ledgers_;
  parts_sum_.age_ms += ledger.age_ms;
  parts_sum_.arrival_ms += ledger.arrival_ms;
  parts_sum_.wait_ms += ledger.wait_ms;
  parts_sum_.preprocess_ms += ledger.preprocess_ms;
  parts_sum_.model_ms += ledger.model_ms;
  parts_sum_.decode_ms += ledger.decode_ms;
}

LatencyMonitor::Statistics LatencyMonitor::get_statistics() const {
  const std::size_t kept = std::min(values_.size(), static_cast<std::size_t>(count_));
  std::vector<double> sorted(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(kept));
  std::sort(sorted.begin(), sorted.end());
  Statistics s;
  s.count = count_;
  s.mean_ms = count_ > 0 ? sum_ms_ / static_cast<double>(count_) : 0;
  s.p50_ms = quantile(sorted, 0.50);
  s.p95_ms = quantile(sorted, 0.95);
  s.p99_ms = quantile(sorted, 0.99);
  s.p999_ms = quantile(sorted, 0.999);
  s.max_ms = max_ms_;
  s.deadline_misses = misses_;
  return s;
}

LatencyMonitor::Sla LatencyMonitor::check_sla(double threshold_ms) const {
  const std::size_t kept = std::min(values_.size(), static_cast<std::size_t>(count_));
  const auto end = values_.begin() + static_cast<std::ptrdiff_t>(kept);
  const auto above =
      std::count_if(values_.begin(), end, [&](double value) { return value > threshold_ms; });
  return {above == 0, kept > 0 ? static_cast<double>(above) / static_cast<double>(kept) : 0};
}

LatencyLedger LatencyMonitor::mean_parts() const {
  const double n = ledgers_ > 0 ? static_cast<double>(ledgers_) : 1;
  return {parts_sum_.age_ms / n,        parts_sum_.arrival_ms / n, parts_sum_.wait_ms / n,
          parts_sum_.preprocess_ms / n, parts_sum_.model_ms / n,   parts_sum_.decode_ms / n};
}

Json to_json(const TokenLatency& t) {
  return {{"signal_ms", t.signal_ms}, {"arrival_ms", t.arrival_ms},
          {"wait_ms", t.wait_ms},     {"preprocess_ms", t.preprocess_ms},
          {"model_ms", t.model_ms},   {"decode_ms", t.decode_ms},
          {"commit_ms", t.commit_ms}, {"total_ms", t.total_ms()}};
}

Json to_json(const LatencyMonitor::Statistics& s) {
  return {{"count", s.count},   {"mean_ms", s.mean_ms},
          {"p50_ms", s.p50_ms}, {"p95_ms", s.p95_ms},
          {"p99_ms", s.p99_ms}, {"p999_ms", s.p999_ms},
          {"max_ms", s.max_ms}, {"deadline_misses", s.deadline_misses}};
}

}  // namespace nest::stream
