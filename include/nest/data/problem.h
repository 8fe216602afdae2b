#pragma once

#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include "nest/core/enum.h"
#include "nest/core/error.h"
#include "nest/core/json_fwd.h"

namespace nest::data {

/// Why an utterance cannot be used.
enum class ProblemKind {
  kBadLine,         ///< its line of the manifest cannot be read
  kDuplicateId,     ///< an earlier line has the same id
  kMissingFile,     ///< its signal file does not exist
  kUnreadable,      ///< its signal file breaks its own format
  kWrongRate,       ///< another sampling rate than the contract's
  kMissingChannel,  ///< a channel of the contract is not in the file
  kWrongUnit,       ///< a channel's unit cannot be turned into the contract's
  kBadRange,        ///< its samples leave the recording
  kGap,             ///< its samples run over a gap
  kNotFinite,       ///< it holds NaN or infinity
  kRejected,        ///< the model refused the signal
};

/// "bad-line", "missing-file", ...: the names in manifests' reports and results files.
EnumTable enum_table(ProblemKind of);

struct Problem {
  std::size_t line = 0;  ///< of the manifest, from 1
  std::string id;
  ProblemKind kind = ProblemKind::kUnreadable;
  std::string message;
};
Json to_json(const Problem& problem);

/// Counts and names them: "2 missing-file (u1, u7), 1 bad-line (line 9); the first: line 3: ...".
std::string problems_text(std::span<const Problem> problems);

/// An error that knows which kind of problem it is; context may be added as to any other.
class ProblemError : public Error {
 public:
  ProblemError(ProblemKind kind, ErrorCode code, std::string message,
               std::source_location where = std::source_location::current())
      : Error(code, std::move(message), where), kind_(kind) {}

  ProblemKind kind() const noexcept { return kind_; }

 private:
  ProblemKind kind_;
};

/// The kind of a ProblemError, kUnreadable of any other error.
ProblemKind problem_kind(const Error& error) noexcept;

}  // namespace nest::data
