#pragma once

#include <cstdint>
#include <string_view>

#include "nest/core/config.h"
#include "nest/graph/model.h"

namespace nest::compress {

/// A model of another shape that is to learn what `teacher` says (Hinton et al. 2015): that of a
/// configuration, which reads the teacher's signals and says its tokens; weights drawn from `seed`.
///
/// Errors: those of graph::build_model; InvalidArgument if it is of another family, or its frames
/// come at another rate, so that the two cannot be compared.
graph::Model student_of(const graph::Model& teacher, std::string_view key, const Config& section,
                        std::uint64_t seed);

}  // namespace nest::compress
