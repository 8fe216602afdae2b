#include "nest/synth/options.h"

#include <cmath>
#include <string_view>

#include "head.h"
#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"

namespace nest::synth {
namespace {

void within(std::string_view flag, double value, double low, double high) {
  require(std::isfinite(value) && value >= low && value <= high, ErrorCode::kInvalidArgument,
          "--{} {}: choose {} to {}", flag, value, low, high);
}

}  // namespace

void register_flags(Flags& flags, SynthOptions& o) {
  flags.group("Corpus");
  flags.add("seed", o.seed, "all randomness follows from it");
  flags.add("sentences", o.sentences, "different sentences over all splits");
  flags.add("repetitions", o.repetitions, "utterances of each training sentence");
  flags.add("valid-fraction", o.valid_fraction, "share of the sentences for validation");
  flags.add("test-fraction", o.test_fraction, "share of the sentences for the test");
  flags.add("subjects", o.subjects, "people");
  flags.add("sessions", o.sessions, "sessions a person");
  flags.group("Signal");
  flags.add("channels", o.channels, "electrodes, 10-20 first, then 10-10");
  flags.add("rate", o.rate_hz, "sampling rate in Hz");
  flags.add("snr-db", o.snr_db, "evoked over background power in 1-40 Hz at the electrodes");
  flags.add("noise-only", o.noise_only, "the matched control: same noise, nothing evoked");
  flags.add("char-ms", o.char_ms, "mean time from one character to the next");
  flags.add("char-jitter", o.char_jitter, "its relative standard deviation");
  flags.add("components", o.components, "sources a character evokes");
  flags.add("latency-jitter-ms", o.latency_jitter_ms, "of each source, standard deviation");
  flags.add("amplitude-jitter", o.amplitude_jitter, "of each source, relative");
  flags.group("Noise");
  flags.add("background-uv", o.background_uv, "1/f and sensor noise, root mean square");
  flags.add("alpha-uv", o.alpha_uv, "alpha bursts, peak at the strongest electrode");
  flags.add("mains-uv", o.mains_uv, "mains interference, peak");
  flags.add("mains-hz", o.mains_hz, "mains frequency");
  flags.add("blinks-per-min", o.blinks_per_min, "eye blinks");
  flags.add("muscle-per-min", o.muscle_per_min, "muscle bursts");
  flags.add("drift-uv", o.drift_uv, "slow electrode drift, root mean square");
  flags.add("dead-probability", o.dead_probability, "of each channel in each session");
  flags.group("Run");
  flags.add("threads", o.threads, "0: all cores; the files do not depend on it");
}

void validate(const SynthOptions& o) {
  within("sentences", static_cast<double>(o.sentences), 3, 100000);
  within("repetitions", static_cast<double>(o.repetitions), 1, 1000);
  within("valid-fraction", o.valid_fraction, 0, 0.9);
  within("test-fraction", o.test_fraction, 0, 0.9);
  require(o.valid_fraction + o.test_fraction < 1, ErrorCode::kInvalidArgument,
          "--valid-fraction {} and --test-fraction {}: no training sentence is left",
          o.valid_fraction, o.test_fraction);
  within("channels", o.channels, 1, static_cast<double>(electrodes().size()));
  within("subjects", o.subjects, 1, 1000);
  within("sessions", o.sessions, 1, 1000);
  within("rate", o.rate_hz, 100, 5000);
  within("char-ms", o.char_ms, 50, 2000);
  within("char-jitter", o.char_jitter, 0, 0.3);
  within("components", o.components, 1, 8);
  within("latency-jitter-ms", o.latency_jitter_ms, 0, 100);
  within("amplitude-jitter", o.amplitude_jitter, 0, 1);
  within("snr-db", o.snr_db, -60, 60);
  within("background-uv", o.background_uv, 0.1, 1000);
  within("alpha-uv", o.alpha_uv, 0, 1000);
  within("mains-uv", o.mains_uv, 0, 10000);
  within("mains-hz", o.mains_hz, 1, o.rate_hz / 2);
  within("blinks-per-min", o.blinks_per_min, 0, 60);
  within("muscle-per-min", o.muscle_per_min, 0, 60);
  within("drift-uv", o.drift_uv, 0, 10000);
  within("dead-probability", o.dead_probability, 0, 0.9);
  within("threads", o.threads, 0, 1024);
}

Json to_json(const SynthOptions& o) {
  return {{"seed", o.seed},
          {"sentences", o.sentences},
          {"repetitions", o.repetitions},
          {"valid_fraction", o.valid_fraction},
          {"test_fraction", o.test_fraction},
          {"channels", o.channels},
          {"subjects", o.subjects},
          {"sessions", o.sessions},
          {"rate_hz", o.rate_hz},
          {"char_ms", o.char_ms},
          {"char_jitter", o.char_jitter},
          {"components", o.components},
          {"latency_jitter_ms", o.latency_jitter_ms},
          {"amplitude_jitter", o.amplitude_jitter},
          {"snr_db", o.snr_db},
          {"noise_only", o.noise_only},
          {"background_uv", o.background_uv},
          {"alpha_uv", o.alpha_uv},
          {"mains_uv", o.mains_uv},
          {"mains_hz", o.mains_hz},
          {"blinks_per_min", o.blinks_per_min},
          {"muscle_per_min", o.muscle_per_min},
          {"drift_uv", o.drift_uv},
          {"dead_probability", o.dead_probability}};
}

}  // namespace nest::synth
