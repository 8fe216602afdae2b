#pragma once

#include <cstdint>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/core/rng.h"
#include "nest/core/tensor.h"

namespace nest::train {

/// Random changes of a training signal; 0 turns each off.
struct AugmentOptions {
  double noise = 0;                ///< standard deviation, in parts of each channel's own
  std::int64_t shift_samples = 0;  ///< largest shift in either direction
  double channel_dropout = 0;      ///< probability that a channel is zero
  double amplitude = 0;            ///< factor exp(uniform(-a, a)) on the whole signal
  double time_mask = 0;            ///< largest part of the time that is zeroed
  double frequency_mask = 0;       ///< largest part of the band up to Nyquist that is removed
  double join = 0;                 ///< probability that trials of one subject are joined
  std::int64_t join_most = 5;      ///< most trials in one utterance
  std::int64_t join_ramp = 0;      ///< epochs until join_most is reached, from single trials on
};
void visit_fields(FieldVisitor& visitor, AugmentOptions& options);

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
/// samples stay.
Tensor cut_surroundings(const Tensor& x, std::int64_t lead, std::int64_t tail, Rng& rng);
/// Signals one after another. Errors: InvalidArgument for different channel counts.
Tensor join_signals(const std::vector<Tensor>& parts);

/// All of the above that the options turn on (except joining), in this order.
Tensor augment(const Tensor& x, const AugmentOptions& options, Rng& rng);

}  // namespace nest::train
