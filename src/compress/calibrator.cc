#include "nest/compress/calibrator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest::compress {
namespace {

constexpr int kLevels = 127;  ///< codes above zero

using Bins = std::span<const std::uint64_t, MagnitudeHistogram::kBins>;

/// Bins up to the last that is not empty.
std::size_t used_bins(Bins bins) {
  std::size_t used = bins.size();
  while (used > 0 && bins[used - 1] == 0) --used;
  return used;
}

double percentile_threshold(const MagnitudeHistogram& histogram, double percentile) {
  const double wanted = percentile / 100 * static_cast<double>(histogram.count());
  double below = 0;
  for (std::size_t i = 0; i < histogram.bins().size(); ++i) {
    below += static_cast<double>(histogram.bins()[i]);
    if (below >= wanted) return static_cast<double>(i + 1) * histogram.bin_width();
  }
  return static_cast<double>(histogram.largest());
}

/// Kullback-Leibler divergence of the first `kept` bins, what lies above in the last of them, from
/// the same in 128 levels.
double divergence(Bins bins, std::size_t kept, double above, double total) {
  constexpr std::size_t kEntropyLevels = 128;
  constexpr double kAlmostEmpty = 1e-4;  // what is above may fall into an empty bin
  if (above >= total) return std::numeric_limits<double>::infinity();
  double sum = 0;
  for (std::size_t level = 0; level < kEntropyLevels; ++level) {
    const std::size_t begin = level * kept / kEntropyLevels;
    const std::size_t end = (level + 1) * kept / kEntropyLevels;
    double mass = 0, filled = 0;
    for (std::size_t i = begin; i < end; ++i) {
      mass += static_cast<double>(bins[i]);
      filled += bins[i] > 0 ? 1 : 0;
    }
    for (std::size_t i = begin; i < end; ++i) {
      double p = static_cast<double>(bins[i]);
      const double q = bins[i] > 0 ? mass / filled : 0;
      if (i + 1 == kept) p += above;
      if (p == 0) continue;
      sum += p / total * std::log(p / total / (std::max(q, kAlmostEmpty) / (total - above)));
    }
  }
  return sum;
}

/// Zeros are exact at any scale and left out.
double entropy_threshold(const MagnitudeHistogram& histogram) {
  constexpr std::size_t kLeast = 128;
  std::vector<std::uint64_t> counts(histogram.bins().begin(), histogram.bins().end());
  counts[0] -= histogram.zeros();
  const Bins bins(counts.data(), MagnitudeHistogram::kBins);
  const std::size_t used = used_bins(bins);
  const double total = static_cast<double>(histogram.count() - histogram.zeros());
  double below = 0, least = std::numeric_limits<double>::infinity();
  std::size_t best = used;
  for (std::size_t kept = 1; kept <= used; ++kept) {
    below += static_cast<double>(bins[kept - 1]);
    if (kept < kLeast) continue;
    const double found = divergence(bins, kept, total - below, total);
    if (found < least) {
      least = found;
      best = kept;
    }
  }
  return static_cast<double>(best) * histogram.bin_width();
}

/// Sums over the bins before each: values, their magnitudes and squares, by their middles.
struct Moments {
  std::vector<double> count, first, second;

  explicit Moments(const MagnitudeHistogram& histogram) {
    const double width = histogram.bin_width();
    count.push_back(0);
    first.push_back(0);
    second.push_back(0);
    for (std::size_t i = 0; i < histogram.bins().size(); ++i) {
      const double middle = (static_cast<double>(i) + 0.5) * width;
      const double n = static_cast<double>(histogram.bins()[i] - (i == 0 ? histogram.zeros() : 0));
      count.push_back(count.back() + n);
      first.push_back(first.back() + n * middle);
      second.push_back(second.back() + n * middle * middle);
    }
  }
};

/// Squared error if the first `kept` bins have codes.
double squared_error(const Moments& m, std::size_t kept, double width) {
  const double threshold = static_cast<double>(kept) * width, scale = threshold / kLevels;
  const std::size_t half = std::min(kept, static_cast<std::size_t>(std::lround(scale / 2 / width)));
  const double to_zero = m.second[half];
  const double rounded = (m.count[kept] - m.count[half]) * scale * scale / 12;
  const double n = m.count.back() - m.count[kept];
  const double cut = m.second.back() - m.second[kept] -
                     2 * threshold * (m.first.back() - m.first[kept]) + n * threshold * threshold;
  return to_zero + rounded + cut;
}

double mse_threshold(const MagnitudeHistogram& histogram) {
  const Moments moments(histogram);
  const std::size_t used = used_bins(histogram.bins());
  double least = std::numeric_limits<double>::infinity();
  std::size_t best = used;
  for (std::size_t kept = 1; kept <= used; ++kept) {
    const double error = squared_error(moments, kept, histogram.bin_width());
    if (error < least) {
      least = error;
      best = kept;
    }
  }
  return static_cast<double>(best) * histogram.bin_width();
}

}  // namespace

EnumTable enum_table(Calibrator /*of*/) {
  static constexpr EnumName kNames[] = {{Calibrator::kMinMax, "minmax"},
                                        {Calibrator::kMoving, "moving"},
                                        {Calibrator::kPercentile, "percentile"},
                                        {Calibrator::kEntropy, "entropy"},
                                        {Calibrator::kMse, "mse"}};
  return {"calibrator", kNames};
}

void visit_fields(FieldVisitor& visitor, CalibratorOptions& o) {
  visitor.field("calibrator", o.calibrator, "which magnitude becomes the largest code");
  visitor.field("percentile", o.percentile,
                "of calibrator percentile: share of the values that keep a code, in percent",
                between(50, 100));
  visitor.field("momentum", o.momentum,
                "of calibrator moving: what a batch leaves of the average before it",
                between(0, 0.999999));
}

double threshold_of(const MagnitudeStatistics& statistics, const CalibratorOptions& options) {
  const MagnitudeHistogram& histogram = statistics.histogram;
  const auto largest = static_cast<double>(histogram.largest());
  if (largest == 0) return 0;
  double threshold = largest;
  switch (options.calibrator) {
    case Calibrator::kMinMax:
      break;
    case Calibrator::kMoving:
      threshold = statistics.moving_largest;
      break;
    case Calibrator::kPercentile:
      threshold = percentile_threshold(histogram, options.percentile);
      break;
    case Calibrator::kEntropy:
      threshold = entropy_threshold(histogram);
      break;
    case Calibrator::kMse:
      threshold = mse_threshold(histogram);
      break;
  }
  return std::min(threshold, largest);
}

}  // namespace nest::compress
