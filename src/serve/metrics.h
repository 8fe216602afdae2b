#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace nest::serve {

/// One label: {"model", "m"}.
using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Counts values by upper bounds that are fixed when it is made.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);
  void record(double value) noexcept;

  const std::vector<double>& bounds() const { return bounds_; }
  /// Values at or below bounds()[i]; the last entry is all of them.
  std::vector<std::uint64_t> cumulative() const;
  double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }
  std::uint64_t count() const;

 private:
  std::vector<double> bounds_;
  std::deque<std::atomic<std::uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

/// Bounds for latencies, in seconds: 100 us to 10 s.
std::vector<double> latency_bounds();
/// 1, 2, 4, ... 256
std::vector<double> size_bounds();

/// Figures of a server in Prometheus' text format.
///
/// A metric is made when it is first asked for and lives as long as this. State: thread-safe; what
/// is returned is counted without a lock.
class Metrics {
 public:
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels,
                       std::vector<double> bounds);
  /// A value that is asked for when somebody looks. Replaces one of the same name and labels.
  void gauge(const std::string& name, const std::string& help, const Labels& labels,
             std::function<double()> value);

  std::string text() const;

 private:
  struct Family {
    std::string help;
    std::string type;
    std::map<std::string, Counter> counters = {};
    std::map<std::string, Histogram> histograms = {};
    std::map<std::string, std::function<double()>> gauges = {};
  };
  Family& family(const std::string& name, const std::string& help, const char* type);

  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
};

}  // namespace nest::serve
