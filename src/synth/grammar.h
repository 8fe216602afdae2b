#pragma once

#include <string>
#include <vector>

#include "nest/core/rng.h"

namespace nest::synth {

/// A sentence of 3 to 8 words from a small English grammar with number agreement:
///   S  -> NP VP          NP -> Det (Adj) N | Name | Pronoun
///   VP -> Vi (Adv | PP) | Vt NP (PP) | be Adj        PP -> Prep Det N
/// Words of a class are drawn with probability proportional to 1 / (rank + 3), so that the text has
/// a skewed word distribution.
std::string draw_sentence(Rng& rng);

/// Every word that draw_sentence can use, sorted, each once.
std::vector<std::string> vocabulary();

/// `count` different sentences; the same seed gives the same list, and a longer list begins with
/// the shorter one. Errors: InvalidArgument if the grammar does not yield that many.
std::vector<std::string> draw_sentences(std::uint64_t seed, std::int64_t count);

}  // namespace nest::synth
