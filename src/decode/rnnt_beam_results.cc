#include "rnnt_beam.h"

namespace nest::decode {

Partial RnntBeam::partial() const {
  std::int32_t common = closed_.front().node;
  for (const Entry& e : closed_) common = tree_.meet(common, e.node);
  Partial result;
  tree_.tokens(common, result.committed);
  tree_.tokens(closed_.front().node, result.tentative);
  result.tentative.erase(result.tentative.begin(), result.tentative.begin() + tree_.depth(common));
  return result;
}

Hypothesis RnntBeam::hypothesis(const Entry& e, const FusionGain& last) const {
  Hypothesis h;
  tree_.tokens(e.node, h.tokens);
  const FusionGain& gain = info(e.node).gain;
  h.log_prob = e.log_prob;
  h.lm_log_prob = gain.lm + last.lm;
  h.bonus = gain.bonus + last.bonus;
  h.score = (e.score + fusion_->weigh(last)) /
            length_penalty(static_cast<double>(h.tokens.size()), options_.length_penalty);
  spans_.read(e.spans, h.tokens.size(), options_.confidence_temperature, h);
  return h;
}

std::vector<Hypothesis> RnntBeam::nbest() const {
  std::vector<Hypothesis> result;
  for (const Entry& e : closed_) {
    FusionGain last;
    if (ended_ && !fusion_->finish(info(e.node).state, last)) continue;
    result.push_back(hypothesis(e, last));
    result.back().finished = ended_;
  }
  if (result.empty()) {  // a closed vocabulary, and every prefix is inside a word
    for (const Entry& e : closed_) result.push_back(hypothesis(e, {}));
  }
  rank(result, options_.nbest);
  return result;
}

}  // namespace nest::decode
