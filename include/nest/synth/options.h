#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/core/options_fwd.h"

namespace nest::synth {

/// What the generator makes; docs/synth.md gives the equations that these numbers enter.
struct SynthOptions {
  std::uint64_t seed = 1;
  std::int64_t sentences = 750;  ///< different ones, over all splits
  std::int64_t repetitions = 1;  ///< utterances a training sentence
  double valid_fraction = 0.1;
  double test_fraction = 0.1;
  int channels = 19;  ///< the first ones of the 10-20, then the 10-10 system
  int subjects = 2;
  int sessions = 2;  ///< a subject
  /// 0: the corpus; else new sentences, timing and noise of its people, all for the test.
  std::uint64_t take = 0;
  bool continuous = false;          ///< sentences are ranges of recordings with pauses
  std::int64_t per_recording = 20;  ///< continuous: sentences a recording
  double pause_s = 1;               ///< shortest time between two sentences of a recording
  double pause_spread_s = 2;        ///< continuous: mean of what pauses last longer, exponential
  double rate_hz = 250;

  double char_ms = 200;      ///< mean time from one character to the next
  double char_jitter = 0.1;  ///< relative standard deviation of that time
  int components = 3;        ///< sources a character evokes
  double latency_jitter_ms = 4;
  double amplitude_jitter = 0.15;
  double snr_db = -6;       ///< evoked over background power, 1-40 Hz, at the electrodes
  bool noise_only = false;  ///< same background, no evoked activity

  double background_uv = 12;  ///< root mean square over channels, 1/f and sensor noise
  double alpha_uv = 8;        ///< peak of alpha bursts at their strongest electrode
  double mains_uv = 5;
  double mains_hz = 50;
  double blinks_per_min = 6;
  double muscle_per_min = 2;
  double drift_uv = 30;
  double dead_probability = 0.02;  ///< of each channel in each session

  int threads = 1;  ///< 0: all cores; the result is the same
};

void visit_fields(FieldVisitor& visitor, SynthOptions& options);
/// Errors: FieldError naming the field, its value and the limit.
void validate(const SynthOptions& options);

}  // namespace nest::synth
