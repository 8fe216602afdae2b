#include "beam_results.h"
#include "rnnt_beam.h"

namespace nest::decode {

Partial RnntBeam::partial() const {
  return partial_of(tree_, closed_);
}

Hypothesis RnntBeam::hypothesis(const Entry& e, const FusionGain& last) const {
  Hypothesis h = scored(tree_, e, e.log_prob, info(e.node).gain, last, *fusion_, options_);
  spans_.read(e.spans, h.tokens.size(), options_.confidence_temperature, h);
  return h;
}

std::vector<Hypothesis> RnntBeam::nbest() const {
  return nbest_of(
      closed_, ended_, options_.nbest,
      [&](const Entry& e, FusionGain& last) { return fusion_->finish(info(e.node).state, last); },
      [&](const Entry& e, const FusionGain& last) { return hypothesis(e, last); });
}

}  // namespace nest::decode
