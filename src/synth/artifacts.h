#pragma once

#include <span>

#include "nest/synth/generator.h"
#include "people.h"

namespace nest::synth {

/// Adds blinks, muscle bursts, mains and drift to `signal` [channels][samples] in volts; random
/// numbers come from the script's stream.
void add_artifacts(const SynthOptions& options, const Session& session, const Script& script,
                   std::span<double> signal, std::size_t samples);

}  // namespace nest::synth
