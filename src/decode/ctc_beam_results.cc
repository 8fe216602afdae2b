#include "ctc_beam.h"

namespace nest::decode {

Partial CtcBeam::partial() const {
  std::int32_t common = beam_.front().node;
  for (const Entry& e : beam_) common = tree_.meet(common, e.node);
  Partial result;
  tree_.tokens(common, result.committed);
  tree_.tokens(beam_.front().node, result.tentative);
  result.tentative.erase(result.tentative.begin(), result.tentative.begin() + tree_.depth(common));
  return result;
}

Hypothesis CtcBeam::hypothesis(const Entry& e, const FusionGain& last) const {
  Hypothesis h;
  tree_.tokens(e.node, h.tokens);
  const FusionGain& gain = info(e.node).gain;
  h.log_prob = e.total;
  h.lm_log_prob = gain.lm + last.lm;
  h.bonus = gain.bonus + last.bonus;
  h.score = (e.score + fusion_->weigh(last)) /
            length_penalty(static_cast<double>(h.tokens.size()), options_.length_penalty);
  const Path& path = best_path(e);
  if (!h.tokens.empty()) {
    spans_.read(path.spans, h.tokens.size() - 1, options_.confidence_temperature, h);
    h.times.push_back({path.start, path.end, 0, 0});
    h.confidences.push_back(tempered_confidence(path.peak, options_.confidence_temperature));
  }
  return h;
}

std::vector<Hypothesis> CtcBeam::nbest() const {
  std::vector<Hypothesis> result;
  for (const Entry& e : beam_) {
    FusionGain last;
    if (ended_ && !fusion_->finish(info(e.node).state, last)) continue;
    result.push_back(hypothesis(e, last));
    result.back().finished = ended_;
  }
  if (result.empty()) {  // a closed vocabulary, and every prefix is inside a word
    for (const Entry& e : beam_) result.push_back(hypothesis(e, {}));
  }
  rank(result, options_.nbest);
  return result;
}

}  // namespace nest::decode
