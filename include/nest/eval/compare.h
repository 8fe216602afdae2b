#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/eval/results.h"
#include "nest/text/bootstrap.h"

namespace nest {
class Flags;
}

namespace nest::eval {

struct CompareOptions {
  double margin = 0;               ///< percentage points b may be worse before it is a regression
  std::string unit = "utterance";  ///< resampled: utterance, sentence, subject or session
  double alpha = 0.05;
  text::BootstrapOptions bootstrap;
  text::ScoreOptions score;
};
void register_flags(Flags& flags, CompareOptions& options);
void validate(const CompareOptions& options);

/// Does run b differ from run a on the same utterances?
///
/// Each metric: both values, difference with interval, p by paired bootstrap and approximate
/// randomisation, verdict "better", "worse" or "no significant difference", and `regression`: worse
/// by more than the margin. Paired by utterance id over the utterances both decoded.
/// {"schema": "nest.compare/1", "metrics": [...], "regression": bool, ...}
/// Errors: DataCorrupt if references differ or no utterance is in both.
Json compare_results(const Results& a, const Results& b, const CompareOptions& options);

/// The comparison as a plain table.
std::string comparison_text(const Json& comparison);

}  // namespace nest::eval
