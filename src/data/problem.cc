#include "nest/data/problem.h"

#include <map>
#include <vector>

#include <fmt/ranges.h>

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

std::string problems_text(std::span<const Problem> problems) {
  constexpr std::size_t kNamed = 5;
  if (problems.empty()) return "";
  std::map<ProblemKind, std::vector<std::string>> by_kind;
  for (const Problem& problem : problems) {
    by_kind[problem.kind].push_back(problem.id.empty() ? fmt::format("line {}", problem.line)
                                                       : problem.id);
  }
  std::vector<std::string> parts;
  for (auto& [kind, names] : by_kind) {
    const std::size_t count = names.size();
    names.resize(std::min(count, kNamed));
    if (count > kNamed) names.push_back(fmt::format("{} more", count - kNamed));
    parts.push_back(fmt::format("{} {} ({})", count, name_of(kind), fmt::join(names, ", ")));
  }
  return fmt::format("{}; the first: line {}: {}", fmt::join(parts, ", "), problems.front().line,
                     problems.front().message);
}

ProblemKind problem_kind(const Error& error) noexcept {
  const auto* known = dynamic_cast<const ProblemError*>(&error);
  return known != nullptr ? known->kind() : ProblemKind::kUnreadable;
}

}  // namespace nest::data
