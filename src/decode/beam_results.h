#pragma once

#include <vector>

#include "decoders.h"
#include "nest/decode/fusion.h"
#include "nest/decode/options.h"
#include "prefix_tree.h"

namespace nest::decode {

// What the CTC and the transducer beam tell the caller; an Entry is a prefix of either beam (`node`
// in the tree, `score` with fusion), best first.

/// Committed: what every prefix of the beam shares. Tentative: the rest of the best one.
template <class Entry>
Partial partial_of(const PrefixTree& tree, const std::vector<Entry>& beam) {
  std::int32_t common = beam.front().node;
  for (const Entry& e : beam) common = tree.meet(common, e.node);
  Partial result;
  tree.tokens(common, result.committed);
  tree.tokens(beam.front().node, result.tentative);
  result.tentative.erase(result.tentative.begin(), result.tentative.begin() + tree.depth(common));
  return result;
}

/// Tokens and scores of one prefix; `gain` is what fusion gave it, `last` what its end adds.
template <class Entry>
Hypothesis scored(const PrefixTree& tree, const Entry& e, double log_prob, const FusionGain& gain,
                  const FusionGain& last, const Fusion& fusion, const DecodeOptions& options) {
  Hypothesis h;
  tree.tokens(e.node, h.tokens);
  h.log_prob = log_prob;
  h.lm_log_prob = gain.lm + last.lm;
  h.bonus = gain.bonus + last.bonus;
  h.score = (e.score + fusion.weigh(last)) /
            length_penalty(static_cast<double>(h.tokens.size()), options.length_penalty);
  return h;
}

/// The ranked hypotheses. At the end only prefixes count that may end there (`finish(entry,
/// last)`); if none may (a closed vocabulary, and every prefix is inside a word) all are given, not
/// finished.
template <class Entry, class Finish, class Make>
std::vector<Hypothesis> nbest_of(const std::vector<Entry>& beam, bool is_ended, int nbest,
                                 const Finish& finish, const Make& make) {
  std::vector<Hypothesis> result;
  for (const Entry& e : beam) {
    FusionGain last;
    if (is_ended && !finish(e, last)) continue;
    result.push_back(make(e, last));
    result.back().finished = is_ended;
  }
  if (result.empty()) {
    for (const Entry& e : beam) result.push_back(make(e, FusionGain{}));
  }
  rank(result, nbest);
  return result;
}

}  // namespace nest::decode
