#include "nest/compress/activation_statistics.h"

#include <algorithm>
#include <cmath>

#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest::compress {

ActivationStatistics::ActivationStatistics(CalibratorOptions options)
    : options_(std::move(options)) {
  validate(options_);
}

std::size_t ActivationStatistics::number_of(std::string_view product) {
  const auto found = std::ranges::find(products_, product, [](const auto& p) { return p->name; });
  const auto number = static_cast<std::size_t>(found - products_.begin());
  if (found == products_.end()) {
    products_.push_back(std::make_unique<Product>());
    products_.back()->name = product;
  }
  return number;
}

void ActivationStatistics::observe(std::size_t number, const graph::ActivationRows& x) noexcept {
  Product& product = *products_[number];
  const std::lock_guard lock(product.mutex);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const std::span<const float> row(x.data + r * x.stride, static_cast<std::size_t>(x.width));
    product.seen.histogram.add(row);
    for (const float value : row)
      product.batch_largest = std::max(product.batch_largest, std::fabs(value));
  }
  product.is_in_batch = true;
}

void ActivationStatistics::clear() {
  for (const auto& product : products_) {
    product->seen = {};
    product->batch_largest = 0;
    product->is_in_batch = false;
  }
}

void ActivationStatistics::end_batch() {
  for (const auto& product : products_) {
    if (!product->is_in_batch) continue;
    MagnitudeStatistics& seen = product->seen;
    const auto largest = static_cast<double>(product->batch_largest);
    const double keep = seen.batches == 0 ? 0 : options_.momentum;
    seen.moving_largest = keep * seen.moving_largest + (1 - keep) * largest;
    ++seen.batches;
    product->batch_largest = 0;
    product->is_in_batch = false;
  }
}

std::map<std::string, MagnitudeStatistics, std::less<>> ActivationStatistics::by_product() const {
  std::map<std::string, MagnitudeStatistics, std::less<>> all;
  for (const auto& product : products_) {
    const MagnitudeHistogram& histogram = product->seen.histogram;
    if (histogram.count() + histogram.not_finite() > 0) all[product->name] = product->seen;
  }
  return all;
}

std::map<std::string, graph::ActivationQuantization, std::less<>> ActivationStatistics::scales()
    const {
  std::map<std::string, graph::ActivationQuantization, std::less<>> scales;
  for (const auto& [name, seen] : by_product()) {
    require(seen.histogram.not_finite() == 0, ErrorCode::kDataCorrupt,
            "{} of {} values that went into '{}' are NaN or infinite; a scale needs finite ones",
            seen.histogram.not_finite(), seen.histogram.not_finite() + seen.histogram.count(),
            name);
    const double threshold = threshold_of(seen, options_);
    if (threshold > 0) scales[name].scale = static_cast<float>(threshold) / 127.0f;
  }
  return scales;
}

std::size_t ActivationStatistics::memory_bytes() const {
  std::size_t bytes = sizeof *this;
  for (const auto& product : products_) bytes += sizeof *product + product->name.capacity();
  return bytes;
}

}  // namespace nest::compress
