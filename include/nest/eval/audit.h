#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/eval/evaluator.h"
#include "nest/eval/split_audit.h"

namespace nest {
class Flags;
}

namespace nest::eval {

inline constexpr const char* kAuditSchema = "nest.audit/1";

struct AuditOptions {
  EvalOptions eval;
  SplitAuditOptions split;
  std::string unit = "utterance";    ///< resampled for the intervals of checks 2 and 3
  int shuffles = 20;                 ///< pairings of signals with other utterances' references
  double min_distinct_ratio = 0.25;  ///< check 5: distinct hypotheses over distinct references
  double min_entropy_ratio = 0.5;    ///< check 5: entropy of hypotheses over that of references
  std::uint64_t seed = 1;
};
void register_flags(Flags& flags, AuditOptions& options);
void validate(const AuditOptions& options);
Json to_json(const AuditOptions& options);

struct AuditInputs {
  RecognizerFactory factory;
  EvalSet test;
  std::vector<data::Utterance> utterances;              ///< of every split, for checks 3 and 4
  std::shared_ptr<const data::Dataset> dataset;         ///< null: normalisation is not checked
  graph::SignalContract contract;                       ///< in use: the model's, else the dataset's
  std::vector<std::pair<std::string, Json>> documents;  ///< files with figures, for check 6
};

/// Do the figures of this model mean what they seem to mean?
///
/// Six checks (docs/audit.md): 1 decoding is label-blind; 2 EEG is used; 3 better than text-only
/// floors; 4 splits; 5 collapse; 6 teacher-forced figures. {"schema", "verdict": "pass" | "fail",
/// "eeg_use": "evidence that EEG is used" | "no evidence that EEG is used", "checks": [...]}.
/// Errors: those of ModelEvaluator; DataCorrupt if nothing could be decoded.
Json audit(const AuditInputs& inputs, const AuditOptions& options, const Job& job = {});

/// The single checks; each gives {"number", "name", "passed", "summary", ...}.
Json check_label_blind(const AuditInputs& inputs, const Results& real, const AuditOptions& options,
                       const Job& job = {});
Json check_eeg_use(const AuditInputs& inputs, const Results& real, const AuditOptions& options,
                   const Job& job = {});
Json check_floors(const AuditInputs& inputs, const Results& real, const AuditOptions& options);
Json check_splits(const AuditInputs& inputs, const AuditOptions& options, const Job& job = {});
Json check_collapse(const Results& real, const AuditOptions& options);
Json check_teacher_forcing(const AuditInputs& inputs, const Results& real);

/// The verdict as plain text.
std::string audit_text(const Json& audit);

}  // namespace nest::eval
