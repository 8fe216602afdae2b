#include "serve/metrics.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace nest::serve {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

/// model="m",status="200"
std::string label_text(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels)
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(value));
  return text;
}

std::string braced(const std::string& labels) {
  return labels.empty() ? "" : "{" + labels + "}";
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

void append(std::string& text, const std::string& name, const std::string& labels,
            const Histogram& histogram) {
  const std::vector<std::uint64_t> counts = histogram.cumulative();
  const std::string lead = labels.empty() ? "" : labels + ",";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string bound =
        i < histogram.bounds().size() ? number(histogram.bounds()[i]) : "+Inf";
    text += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, lead, bound, counts[i]);
  }
  text += fmt::format("{}_sum{} {}\n", name, braced(labels), number(histogram.sum()));
  text += fmt::format("{}_count{} {}\n", name, braced(labels), counts.back());
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

void Histogram::record(double value) noexcept {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  double sum = sum_.load(std::memory_order_relaxed);
  while (!sum_.compare_exchange_weak(sum, sum + value, std::memory_order_relaxed)) {
  }
}

std::vector<std::uint64_t> Histogram::cumulative() const {
  std::vector<std::uint64_t> counts;
  std::uint64_t total = 0;
  for (const auto& count : counts_)
    counts.push_back(total += count.load(std::memory_order_relaxed));
  return counts;
}

std::uint64_t Histogram::count() const {
  return cumulative().back();
}

std::vector<double> latency_bounds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
          0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
}

std::vector<double> size_bounds() {
  return {1, 2, 4, 8, 16, 32, 64, 128, 256};
}

Metrics::Family& Metrics::family(const std::string& name, const std::string& help,
                                 const char* type) {
  return families_.try_emplace(name, Family{help, type}).first->second;
}

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::scoped_lock lock(mutex_);
  return family(name, help, "counter").counters[label_text(labels)];
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                              const Labels& labels, std::vector<double> bounds) {
  const std::scoped_lock lock(mutex_);
  return family(name, help, "histogram")
      .histograms.try_emplace(label_text(labels), std::move(bounds))
      .first->second;
}

void Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels,
                    std::function<double()> value) {
  const std::scoped_lock lock(mutex_);
  family(name, help, "gauge").gauges[label_text(labels)] = std::move(value);
}

std::string Metrics::text() const {
  // Who is asked for a value may be making a metric: not under the lock.
  std::map<std::string, std::map<std::string, std::function<double()>>> gauges;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, family] : families_) gauges[name] = family.gauges;
  }
  std::map<std::string, std::string> gauge_lines;
  for (const auto& [name, values] : gauges)
    for (const auto& [labels, value] : values)
      gauge_lines[name] += fmt::format("{}{} {}\n", name, braced(labels), number(value()));
  const std::scoped_lock lock(mutex_);
  std::string text;
  for (const auto& [name, family] : families_) {
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.type);
    for (const auto& [labels, counter] : family.counters)
      text += fmt::format("{}{} {}\n", name, braced(labels), counter.value());
    text += gauge_lines[name];
    for (const auto& [labels, histogram] : family.histograms) append(text, name, labels, histogram);
  }
  return text;
}

}  // namespace nest::serve
