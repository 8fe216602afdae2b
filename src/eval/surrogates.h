#pragma once

#include <cstdint>

#include "nest/core/enum.h"
#include "nest/core/tensor.h"
#include "nest/eval/eval_set.h"

namespace nest::eval {

/// Signals that look like a recording in some respect but carry nothing of its text.
enum class Surrogate {
  kGaussian,  ///< white noise with each channel's mean and standard deviation
  kPhase,     ///< phases at random: every channel keeps its spectrum, every pair its cross-spectrum
  kZeros,
};
EnumTable enum_table(Surrogate of);  ///< "gaussian_noise", "phase_randomized", "zeros"

/// Shapes: [C, T] float32 in and out. Deterministic in the seed.
/// Source: Theiler et al. 1992; Prichard & Theiler 1994 (several channels, equal phase shifts)
Tensor make_surrogate(const Tensor& signal, Surrogate kind, std::uint64_t seed);

/// The set with every signal replaced by its surrogate; each utterance has its own random stream.
EvalSet with_surrogates(const EvalSet& set, Surrogate kind, std::uint64_t seed);

}  // namespace nest::eval
