#pragma once

#include <cstdint>
#include <vector>

#include "nest/core/rng.h"
#include "nest/core/tensor.h"
#include "nest/data/training_options.h"

namespace nest::train {

// Pure functions of the signal [C, T] and the generator; the input is never changed.

/// x + part * std(channel) * normal.
Tensor add_noise(const Tensor& x, double part, Rng& rng);
/// Moves by uniform(-most, most) samples; zeros come in.
Tensor shift_time(const Tensor& x, std::int64_t most, Rng& rng);
/// Zeroes each channel with the given probability, never all of them.
Tensor drop_channels(const Tensor& x, double probability, Rng& rng);
/// x * exp(uniform(-range, range)).
Tensor scale_amplitude(const Tensor& x, double range, Rng& rng);
/// Zeroes one interval of uniform(0, most * T) samples in all channels (Park et al. 2019).
Tensor mask_time(const Tensor& x, double most, Rng& rng);
/// Removes one band of uniform(0, most) of the spectrum from all channels.
Tensor mask_frequency(const Tensor& x, double most, Rng& rng);
/// Cuts a random part off the background on either side: uniform(0, lead) and uniform(0, tail)
/// samples stay; `lead` and `tail` become how many.
Tensor cut_surroundings(const Tensor& x, std::int64_t& lead, std::int64_t& tail, Rng& rng);
/// Signals one after another. Errors: InvalidArgument for different channel counts.
Tensor join_signals(const std::vector<Tensor>& parts);

/// All of the above that the options turn on (except joining), in this order.
Tensor augment(const Tensor& x, const data::AugmentOptions& options, Rng& rng);

}  // namespace nest::train
