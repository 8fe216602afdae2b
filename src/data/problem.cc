#include "nest/data/problem.h"

#include <array>

#include "nest/core/json.h"

namespace nest::data {
namespace {

struct NamedKind {
  ProblemKind kind;
  std::string_view name;
};

constexpr std::array kKinds{
    NamedKind{ProblemKind::kBadLine, "bad-line"},
    NamedKind{ProblemKind::kDuplicateId, "duplicate-id"},
    NamedKind{ProblemKind::kMissingFile, "missing-file"},
    NamedKind{ProblemKind::kUnreadable, "unreadable"},
    NamedKind{ProblemKind::kWrongRate, "wrong-rate"},
    NamedKind{ProblemKind::kMissingChannel, "missing-channel"},
    NamedKind{ProblemKind::kWrongUnit, "wrong-unit"},
    NamedKind{ProblemKind::kBadRange, "bad-range"},
    NamedKind{ProblemKind::kGap, "gap"},
    NamedKind{ProblemKind::kNotFinite, "not-finite"},
    NamedKind{ProblemKind::kRejected, "rejected"},
};

}  // namespace

std::string_view name_of(ProblemKind kind) {
  for (const NamedKind& entry : kKinds) {
    if (entry.kind == kind) return entry.name;
  }
  return "";
}

ProblemKind problem_kind_from_name(std::string_view name) {
  std::string known;
  for (const NamedKind& entry : kKinds) {
    if (entry.name == name) return entry.kind;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  fail(ErrorCode::kDataCorrupt, "unknown kind of problem '{}'; known: {}", name, known);
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
