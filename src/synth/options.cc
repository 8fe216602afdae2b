#include "nest/synth/options.h"

#include "head.h"
#include "nest/core/options.h"

namespace nest::synth {
namespace {

void visit_signal(FieldVisitor& visitor, SynthOptions& o) {
  visitor.group("Signal");
  visitor.field("channels", o.channels, "electrodes, 10-20 first, then 10-10",
                between(1, static_cast<double>(electrodes().size())));
  visitor.field("rate_hz", o.rate_hz, "sampling rate in Hz", between(100, 5000), {.flag = "rate"});
  visitor.field("snr_db", o.snr_db, "evoked over background power in 1-40 Hz at the electrodes",
                between(-60, 60));
  visitor.field("noise_only", o.noise_only, "the matched control: same noise, nothing evoked");
  visitor.field("char_ms", o.char_ms, "mean time from one character to the next",
                between(50, 2000));
  visitor.field("char_jitter", o.char_jitter, "its relative standard deviation", between(0, 0.3));
  visitor.field("components", o.components, "sources a character evokes", between(1, 8));
  visitor.field("latency_jitter_ms", o.latency_jitter_ms, "of each source, standard deviation",
                between(0, 100));
  visitor.field("amplitude_jitter", o.amplitude_jitter, "of each source, relative", between(0, 1));
}

void visit_noise(FieldVisitor& visitor, SynthOptions& o) {
  visitor.group("Noise");
  visitor.field("background_uv", o.background_uv, "1/f and sensor noise, root mean square",
                between(0.1, 1000));
  visitor.field("alpha_uv", o.alpha_uv, "alpha bursts, peak at the strongest electrode",
                between(0, 1000));
  visitor.field("mains_uv", o.mains_uv, "mains interference, peak", between(0, 10000));
  visitor.field("mains_hz", o.mains_hz, "mains frequency", at_least(1));
  visitor.field("blinks_per_min", o.blinks_per_min, "eye blinks", between(0, 60));
  visitor.field("muscle_per_min", o.muscle_per_min, "muscle bursts", between(0, 60));
  visitor.field("drift_uv", o.drift_uv, "slow electrode drift, root mean square",
                between(0, 10000));
  visitor.field("dead_probability", o.dead_probability, "of each channel in each session",
                between(0, 0.9));
}

}  // namespace

void visit_fields(FieldVisitor& visitor, SynthOptions& o) {
  visitor.group("Corpus");
  visitor.field("seed", o.seed, "all randomness follows from it");
  visitor.field("sentences", o.sentences, "different sentences over all splits",
                between(3, 100000));
  visitor.field("repetitions", o.repetitions, "utterances of each training sentence",
                between(1, 1000));
  visitor.field("valid_fraction", o.valid_fraction, "share of the sentences for validation",
                between(0, 0.9));
  visitor.field("test_fraction", o.test_fraction, "share of the sentences for the test",
                between(0, 0.9));
  visitor.field("subjects", o.subjects, "people", between(1, 1000));
  visitor.field("sessions", o.sessions, "sessions a person", between(1, 1000));
  visitor.field("take", o.take,
                "0: the corpus; else new sentences, timing and noise of its people, for the test");
  visitor.group("Recordings");
  visitor.field("continuous", o.continuous,
                "sentences are ranges of continuous recordings, not files of their own");
  visitor.field("per_recording", o.per_recording, "continuous: sentences a recording",
                between(1, 1000));
  visitor.field("pause_s", o.pause_s, "shortest pause between two sentences of a recording",
                between(0, 60), {.flag = "pause"});
  visitor.field("pause_spread_s", o.pause_spread_s,
                "continuous: mean of what pauses last longer, exponential", between(0, 60),
                {.flag = "pause-spread"});
  visit_signal(visitor, o);
  visit_noise(visitor, o);
  visitor.group("Run");
  visitor.field("threads", o.threads, "threads; 0: all cores; the files do not depend on it",
                between(0, 1024), kNotStored);
}

void validate(const SynthOptions& o) {
  check_fields(o);
  require_field(o.valid_fraction + o.test_fraction < 1, "valid_fraction",
                "is {} and `test_fraction` {}: no training sentence is left", o.valid_fraction,
                o.test_fraction);
  require_field(o.mains_hz <= o.rate_hz / 2, "mains_hz",
                "is {}; it must be at most {}, half of `rate_hz`", o.mains_hz, o.rate_hz / 2);
}

}  // namespace nest::synth
