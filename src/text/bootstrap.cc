#include "nest/text/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <unordered_map>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"
#include "nest/core/rng.h"
#include "text/nan.h"

namespace nest::text {
namespace {

/// Calls visit(index) for `count` indices drawn uniformly from [0, count); two a 64-bit number.
/// Bounded draws after Lemire 2019, without modulo bias.
template <class Visit>
void draw_indices(Rng& rng, std::uint32_t count, Visit visit) {
  const std::uint32_t threshold = (0 - count) % count;
  std::uint32_t left = count;
  while (left > 0) {
    const std::uint64_t bits = rng();
    for (int half = 0; half < 2 && left > 0; ++half) {
      const std::uint64_t product = (bits >> (32 * half) & 0xffffffffu) * count;
      if (static_cast<std::uint32_t>(product) < threshold) continue;
      visit(static_cast<std::size_t>(product >> 32));
      --left;
    }
  }
}

/// Rows padded to a fixed width, so that adding one is a few vector instructions.
template <std::size_t Width>
struct PaddedRows {
  explicit PaddedRows(const CountTable& table) : values(table.rows()) {
    for (std::size_t i = 0; i < table.rows(); ++i) {
      const auto row = table.row(i);
      values[i].fill(0);
      std::copy(row.begin(), row.end(), values[i].begin());
    }
  }
  std::vector<std::array<std::uint32_t, Width>> values;
};

template <std::size_t Width>
void sum_sample(const PaddedRows<Width>& rows, Rng& rng, std::span<std::int64_t> sums) {
  std::array<std::uint32_t, Width> total{};
  draw_indices(rng, static_cast<std::uint32_t>(rows.values.size()), [&](std::size_t index) {
    const auto& row = rows.values[index];
    for (std::size_t c = 0; c < Width; ++c) total[c] += row[c];
  });
  for (std::size_t c = 0; c < sums.size(); ++c) sums[c] = total[c];
}

using SampleSum = std::function<void(Rng&, std::span<std::int64_t>)>;

template <std::size_t Width>
SampleSum padded_sampler(const CountTable& units) {
  auto rows = std::make_shared<PaddedRows<Width>>(units);
  return [rows](Rng& rng, std::span<std::int64_t> sums) { sum_sample(*rows, rng, sums); };
}

/// 32-bit sums where no sample can overflow them and the rows fit a fixed width, 64-bit otherwise.
SampleSum make_sampler(const CountTable& units) {
  std::uint64_t largest = 0;
  for (std::size_t i = 0; i < units.rows(); ++i) {
    for (const std::uint32_t value : units.row(i))
      largest = std::max<std::uint64_t>(largest, value);
  }
  const bool narrow = largest <= std::numeric_limits<std::uint32_t>::max() / units.rows();
  if (narrow && units.columns() <= 4) return padded_sampler<4>(units);
  if (narrow && units.columns() <= 8) return padded_sampler<8>(units);
  if (narrow && units.columns() <= 16) return padded_sampler<16>(units);
  if (narrow && units.columns() <= 32) return padded_sampler<32>(units);
  return [&units](Rng& rng, std::span<std::int64_t> sums) {
    std::fill(sums.begin(), sums.end(), 0);
    draw_indices(rng, static_cast<std::uint32_t>(units.rows()), [&](std::size_t index) {
      const auto row = units.row(index);
      for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += row[c];
    });
  };
}

}  // namespace

CountTable::CountTable(std::size_t columns) : columns_(columns) {
  require(columns > 0, ErrorCode::kInvalidArgument, "a count table needs at least one column");
}

void CountTable::add_row(std::span<const std::int64_t> counts) {
  require(counts.size() == columns_, ErrorCode::kInvalidArgument,
          "a row of {} counts does not fit a table of {} columns", counts.size(), columns_);
  for (const std::int64_t count : counts) {
    require(count >= 0 && count <= std::numeric_limits<std::uint32_t>::max(),
            ErrorCode::kInvalidArgument, "count {} is outside 0 to 2^32 - 1", count);
    values_.push_back(static_cast<std::uint32_t>(count));
  }
}

std::span<const std::uint32_t> CountTable::row(std::size_t index) const {
  return std::span(values_).subspan(index * columns_, columns_);
}

std::vector<std::int64_t> CountTable::sums() const {
  std::vector<std::int64_t> total(columns_, 0);
  for (std::size_t i = 0; i < values_.size(); ++i) total[i % columns_] += values_[i];
  return total;
}

CountTable CountTable::grouped(std::span<const std::string> names) const {
  require(names.size() == rows(), ErrorCode::kInvalidArgument, "{} unit names for {} rows",
          names.size(), rows());
  std::unordered_map<std::string, std::size_t> index;
  std::vector<std::vector<std::int64_t>> groups;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [at, fresh] = index.emplace(names[i], groups.size());
    if (fresh) groups.emplace_back(columns_, 0);
    const auto values = row(i);
    for (std::size_t c = 0; c < columns_; ++c) groups[at->second][c] += values[c];
  }
  CountTable table(columns_);
  for (const auto& group : groups) table.add_row(group);
  return table;
}

CountTable CountTable::joined(const CountTable& other) const {
  require(rows() == other.rows(), ErrorCode::kInvalidArgument,
          "tables of {} and {} units cannot be compared in pairs", rows(), other.rows());
  CountTable table(columns_ + other.columns_);
  for (std::size_t i = 0; i < rows(); ++i) {
    const auto left = row(i);
    const auto right = other.row(i);
    table.values_.insert(table.values_.end(), left.begin(), left.end());
    table.values_.insert(table.values_.end(), right.begin(), right.end());
  }
  return table;
}

std::vector<std::vector<double>> bootstrap_replicates(const CountTable& units,
                                                      std::span<const Statistic> statistics,
                                                      const BootstrapOptions& options,
                                                      const Job& job) {
  validate(options);
  const auto count = static_cast<std::size_t>(options.replicates);
  std::vector<std::vector<double>> values(statistics.size(), std::vector<double>(count, kNan));
  if (units.rows() == 0) return values;
  require(units.rows() <= std::numeric_limits<std::uint32_t>::max(), ErrorCode::kInvalidArgument,
          "{} units are too many to resample", units.rows());
  const SampleSum sample = make_sampler(units);
  constexpr std::size_t kChunk = 64;
  parallel_for((count + kChunk - 1) / kChunk, options.threads, [&](std::size_t chunk) {
    job.check_stop("the intervals are not complete");
    std::vector<std::int64_t> sums(units.columns());
    for (std::size_t r = chunk * kChunk; r < std::min(count, (chunk + 1) * kChunk); ++r) {
      Rng rng(options.seed, "bootstrap", r);
      sample(rng, sums);
      for (std::size_t s = 0; s < statistics.size(); ++s) values[s][r] = statistics[s](sums);
    }
  });
  return values;
}

std::vector<double> jackknife(const CountTable& units, const Statistic& statistic) {
  const std::vector<std::int64_t> total = units.sums();
  std::vector<double> values;
  std::vector<std::int64_t> without(total.size());
  for (std::size_t i = 0; i < units.rows(); ++i) {
    const auto row = units.row(i);
    for (std::size_t c = 0; c < total.size(); ++c) without[c] = total[c] - row[c];
    values.push_back(statistic(without));
  }
  return values;
}

std::vector<Interval> bootstrap_intervals(const CountTable& units,
                                          std::span<const Statistic> statistics,
                                          const BootstrapOptions& options, const Job& job) {
  const std::vector<std::int64_t> total = units.sums();
  std::vector<std::vector<double>> replicates;
  if (units.rows() >= 2) replicates = bootstrap_replicates(units, statistics, options, job);
  std::vector<Interval> intervals;
  for (std::size_t s = 0; s < statistics.size(); ++s) {
    const double estimate = units.rows() > 0 ? statistics[s](total) : kNan;
    std::vector<double> left_out;
    if (options.method == IntervalMethod::kBca) left_out = jackknife(units, statistics[s]);
    Interval interval{estimate, kNan, kNan, kNan, 0, 0};
    if (units.rows() >= 2) {
      interval = interval_from_replicates(std::move(replicates[s]), estimate, left_out,
                                          options.method, options.confidence);
    }
    interval.units = units.rows();
    intervals.push_back(interval);
  }
  return intervals;
}

}  // namespace nest::text
