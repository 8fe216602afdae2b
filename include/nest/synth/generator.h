#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/synth/options.h"

namespace nest::synth {

/// A character and when it is spoken.
struct CharacterEvent {
  char character = ' ';
  double onset_s = 0;
};

/// What one piece of signal contains. `stream` names its random numbers: two scripts with the same
/// stream number share their noise.
struct Script {
  std::vector<CharacterEvent> events;
  double duration_s = 0;
  int subject = 0;
  int session = 0;
  std::uint64_t stream = 0;
};

/// Turns text into EEG; docs/synth.md states every equation.
///
/// State:    immutable after construction; render() may run in any number of threads and its result
///           depends on the options and the script only
class Generator {
 public:
  /// Errors: as validate(options).
  explicit Generator(const SynthOptions& options);
  ~Generator();
  Generator(Generator&&) noexcept;

  const SynthOptions& options() const;
  std::vector<std::string> channel_names() const;

  /// Onsets of the characters of a sentence, 0.4 s of silence before and 0.6 s after the last
  /// onset. Errors: InvalidArgument for a character that is neither a-z nor a space.
  Script plan(const std::string& text, int subject, int session, std::uint64_t stream) const;

  /// The signal in volts: float32 [channels, samples].
  Tensor render(const Script& script) const;

  /// The parts of render() before artefacts, session gain and dead channels: float64 in volts. The
  /// evoked part is already scaled to the signal-to-noise ratio (and there in noise-only mode,
  /// too).
  struct Parts {
    Tensor evoked;
    Tensor background;
  };
  Parts render_parts(const Script& script) const;

  /// Mean power of a float64 [channels, samples] signal in 1-40 Hz while something is said: from a
  /// sentence's first onset to 0.3 s after its last one.
  double band_power(const Tensor& signal, const Script& script) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::synth
