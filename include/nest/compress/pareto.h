#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/core/options_fwd.h"

namespace nest::compress {

/// What a smaller model has to reach, against the float one.
struct CompressGoal {
  double max_cer_increase = 1;  ///< percentage points of character errors
  double target_size = 12;      ///< times fewer bytes on disk
  double target_speed = 10;     ///< times less time for one utterance
};
void visit_fields(FieldVisitor& visitor, CompressGoal& goal);

/// One model of a search, measured.
struct TriedModel {
  std::string name;        ///< "units 50 %, int8"
  std::string file;        ///< where it is kept, in the folder of the search
  std::int64_t bytes = 0;  ///< of that file
  double ms = 0;           ///< median of an utterance
  double error = 0;        ///< character errors on data that chose no weight, in parts
  std::string note;        ///< what was measured and decided on the way
};
Json to_json(const TriedModel& candidate);
TriedModel tried_model_from_json(const Json& json);

/// Those that no other beats: none is at least as small, as fast and as right, and better in one.
/// Indices, ascending.
std::vector<std::size_t> pareto_set(std::span<const TriedModel> candidates);

/// The candidate that a goal asks for, `floats` the model that they are measured against: of those
/// within max_cer_increase that reach both targets the one of least error (then of fewest bytes);
/// if none does, the one that comes nearest, by the smaller of its two shares of the targets.
/// Without one within max_cer_increase: candidates.size(). NaN errors are within no limit.
std::size_t choose_candidate(std::span<const TriedModel> candidates, const TriedModel& floats,
                             const CompressGoal& goal);

}  // namespace nest::compress
