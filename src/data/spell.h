#pragma once

#include <vector>

#include "nest/data/manifest.h"
#include "nest/text/text_rule.h"

namespace nest::data {

/// Spells the texts; utterances that are left without one are left out, with one warning.
void spell(const text::TextRule& rule, std::vector<Utterance>& utterances);

}  // namespace nest::data
