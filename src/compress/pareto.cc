#include "nest/compress/pareto.h"

#include <algorithm>
#include <tuple>

#include "nest/core/json.h"
#include "nest/core/json_number.h"
#include "nest/core/options.h"

namespace nest::compress {
namespace {

bool beats(const TriedModel& a, const TriedModel& b) {
  const bool is_as_good = a.bytes <= b.bytes && a.ms <= b.ms && a.error <= b.error;
  return is_as_good && (a.bytes < b.bytes || a.ms < b.ms || a.error < b.error);
}

/// The smaller part of a target that is reached, at most 1.
double reached(const TriedModel& candidate, const TriedModel& floats, const CompressGoal& goal) {
  const double size = static_cast<double>(floats.bytes) / static_cast<double>(candidate.bytes);
  const double speed = floats.ms / candidate.ms;
  return std::min({size / goal.target_size, speed / goal.target_speed, 1.0});
}

}  // namespace

void visit_fields(FieldVisitor& visitor, CompressGoal& o) {
  visitor.group("Goal");
  visitor.field("max_cer_increase", o.max_cer_increase,
                "most percentage points of character errors more than the float model",
                at_least(0));
  visitor.field("target_size", o.target_size, "times fewer bytes on disk", at_least(1));
  visitor.field("target_speed", o.target_speed,
                "times less time for an utterance, one at a time on one thread", at_least(1));
}

Json to_json(const TriedModel& candidate) {
  return {{"name", candidate.name},
          {"file", candidate.file},
          {"file_bytes", candidate.bytes},
          {"ms", number_or_null(candidate.ms)},
          {"cer", number_or_null(candidate.error)},
          {"note", candidate.note}};
}

TriedModel tried_model_from_json(const Json& json) {
  return {json.at("name").get<std::string>(),
          json.at("file").get<std::string>(),
          json.at("file_bytes").get<std::int64_t>(),
          number_or_nan(json.at("ms")),
          number_or_nan(json.at("cer")),
          json.at("note").get<std::string>()};
}

std::vector<std::size_t> pareto_set(std::span<const TriedModel> candidates) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto beats_it = [&](const TriedModel& other) { return beats(other, candidates[i]); };
    if (std::ranges::none_of(candidates, beats_it)) kept.push_back(i);
  }
  return kept;
}

std::size_t choose_candidate(std::span<const TriedModel> candidates, const TriedModel& floats,
                             const CompressGoal& goal) {
  std::size_t best = candidates.size();
  std::tuple<double, double, std::int64_t> least;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const TriedModel& one = candidates[i];
    const bool is_right = one.error <= floats.error + goal.max_cer_increase / 100;
    if (!is_right) continue;
    const std::tuple rank{-reached(one, floats, goal), one.error, one.bytes};
    if (best != candidates.size() && rank >= least) continue;
    best = i;
    least = rank;
  }
  return best;
}

}  // namespace nest::compress
