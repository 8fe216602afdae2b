#include "beam_results.h"
#include "ctc_beam.h"

namespace nest::decode {

Partial CtcBeam::partial() const {
  return partial_of(tree_, beam_);
}

Hypothesis CtcBeam::hypothesis(const Entry& e, const FusionGain& last) const {
  Hypothesis h = scored(tree_, e, e.total, info(e.node).gain, last, *fusion_, options_);
  const Path& path = best_path(e);
  if (!h.tokens.empty()) {
    spans_.read(path.spans, h.tokens.size() - 1, options_.confidence_temperature, h);
    h.times.push_back({path.start, path.end, 0, 0});
    h.confidences.push_back(tempered_confidence(path.peak, options_.confidence_temperature));
  }
  return h;
}

std::vector<Hypothesis> CtcBeam::nbest() const {
  return nbest_of(
      beam_, ended_, options_.nbest,
      [&](const Entry& e, FusionGain& last) { return fusion_->finish(info(e.node).state, last); },
      [&](const Entry& e, const FusionGain& last) { return hypothesis(e, last); });
}

}  // namespace nest::decode
