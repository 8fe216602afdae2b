#include "channel_policy.h"

#include <algorithm>
#include <cmath>

#include "block_resampler.h"
#include "sos_bank.h"

namespace nest::signal {
namespace {

// Rows of per-lane values.
enum Row { kHeld, kGoodWeight, kGoodKeep, kGoodAdd, kRefWeight, kRefKeep, kRefAdd, kRows };

}  // namespace

ChannelPolicy::ChannelPolicy(const OnlinePreprocessorOptions& options)
    : channels_(options.channels),
      holds_(options.non_finite == NonFinite::kHold),
      references_(options.ref_electrode != Reference::kAsRecorded),
      width_(std::ptrdiff_t{groups_of(options.channels)} * kGroup),
      storage_(DType::kF64, {kRows * width_ + kBlockSamples}),
      rows_(storage_.mutable_data<double>().data()) {
  set_bad_channels(options);
}

void ChannelPolicy::reset() noexcept {
  std::fill_n(row(kHeld), width_, 0.0);
}

void ChannelPolicy::set_bad_channels(const OnlinePreprocessorOptions& options) noexcept {
  std::fill_n(row(kGoodWeight), (kRows - kGoodWeight) * width_, 0.0);
  for (int c = 0; c < channels_; ++c) {
    row(kGoodWeight)[c] = 1;
    row(kGoodKeep)[c] = 1;
    row(kRefKeep)[c] = 1;
    row(kRefAdd)[c] = -1;
  }
  const bool interpolates = options.bad_policy == BadChannels::kInterpolate;
  for (const int c : options.bad_channels) {
    row(kGoodWeight)[c] = 0;
    row(kGoodKeep)[c] = 0;
    row(kGoodAdd)[c] = interpolates ? 1 : 0;
    row(kRefAdd)[c] = interpolates ? -1 : 0;
  }
  replaces_ = !options.bad_channels.empty();
  if (options.ref_electrode == Reference::kAverage)
    std::copy_n(row(kGoodWeight), width_, row(kRefWeight));
  for (const int c : options.ref_channels) row(kRefWeight)[c] = 1;
  const auto inverse_count = [&](const double* weights) {
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < width_; ++i) sum += weights[i];
    return 1 / std::max(sum, 1.0);
  };
  good_inverse_ = inverse_count(row(kGoodWeight));
  ref_inverse_ = inverse_count(row(kRefWeight));
}

std::int64_t ChannelPolicy::replace_non_finite(BlockView block) noexcept {
  std::int64_t replaced = 0;
  for (int c = 0; c < channels_; ++c) {
    double* x = block.data + c / kGroup * block.group_stride + c % kGroup;
    double good = row(kHeld)[c];
    for (int t = 0; t < block.samples; ++t, x += kGroup) {
      if (std::isfinite(*x)) {
        good = *x;
      } else {
        *x = holds_ ? good : 0;
        ++replaced;
      }
    }
  }
  return replaced;
}

std::int64_t ChannelPolicy::run(const Kernels& kernels, BlockView block) noexcept {
  std::int64_t replaced = 0;
  if (!kernels.all_finite(block)) replaced = replace_non_finite(block);
  const std::ptrdiff_t last = std::ptrdiff_t{block.samples - 1} * kGroup;
  for (int g = 0; g < block.groups; ++g) {
    std::copy_n(block.data + g * block.group_stride + last, kGroup, row(kHeld) + g * kGroup);
  }
  double* mean = row(kRows);
  if (replaces_) {
    kernels.mean(block, row(kGoodWeight), good_inverse_, mean);
    kernels.blend(block, row(kGoodKeep), row(kGoodAdd), mean);
  }
  if (references_) {
    kernels.mean(block, row(kRefWeight), ref_inverse_, mean);
    kernels.blend(block, row(kRefKeep), row(kRefAdd), mean);
  }
  return replaced;
}

}  // namespace nest::signal
