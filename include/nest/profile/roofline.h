#pragma once

#include <string>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/profile/layer_timing.h"

namespace nest::profile {

/// A picture (SVG) of what every layer reached against what this machine reaches: MACs a second
/// over MACs a byte of weights read, on logarithmic axes; roofs are the measured arithmetic peaks
/// and reading speeds of peaks_json(). Layers without MACs have no place in it. Names cover no
/// other text; equal layers of a stack (grouped()) have one.
///
/// Errors: InvalidArgument if no layer has a time, MACs and weights.
std::string roofline_svg(const std::vector<LayerTime>& layers, const Json& peaks,
                         const std::string& title);

}  // namespace nest::profile
