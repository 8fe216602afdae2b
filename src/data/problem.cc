#include "nest/data/problem.h"

#include "nest/core/json.h"

namespace nest::data {

EnumTable enum_table(ProblemKind /*of*/) {
  static constexpr EnumName kNames[] = {{ProblemKind::kBadLine, "bad-line"},
                                        {ProblemKind::kDuplicateId, "duplicate-id"},
                                        {ProblemKind::kMissingFile, "missing-file"},
                                        {ProblemKind::kUnreadable, "unreadable"},
                                        {ProblemKind::kWrongRate, "wrong-rate"},
                                        {ProblemKind::kMissingChannel, "missing-channel"},
                                        {ProblemKind::kWrongUnit, "wrong-unit"},
                                        {ProblemKind::kBadRange, "bad-range"},
                                        {ProblemKind::kGap, "gap"},
                                        {ProblemKind::kNotFinite, "not-finite"},
                                        {ProblemKind::kRejected, "rejected"}};
  return {"kind of problem", kNames};
}

Json to_json(const Problem& problem) {
  return {{"line", problem.line},
          {"id", problem.id},
          {"kind", name_of(problem.kind)},
          {"message", problem.message}};
}

ProblemKind problem_kind(const Error& error) noexcept {
  const auto* known = dynamic_cast<const ProblemError*>(&error);
  return known != nullptr ? known->kind() : ProblemKind::kUnreadable;
}

}  // namespace nest::data
