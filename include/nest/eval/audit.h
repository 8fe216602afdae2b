#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/core/options_fwd.h"
#include "nest/eval/audit_result.h"
#include "nest/eval/evaluator.h"
#include "nest/eval/results.h"
#include "nest/eval/split_audit.h"

namespace nest::eval {

/// Version of the verdict file; docs/audit.md describes it.
inline constexpr const char* kAuditSchema = "nest.audit/1";

struct AuditOptions {
  EvalOptions eval;
  SplitAuditOptions split;
  Unit unit = Unit::kUtterance;      ///< resampled for the intervals of checks 2 and 3
  int shuffles = 20;                 ///< pairings of signals with other utterances' references
  double min_distinct_ratio = 0.25;  ///< check 5: distinct hypotheses over distinct references
  double min_entropy_ratio = 0.5;    ///< check 5: entropy of hypotheses over that of references
  std::uint64_t seed = 1;
};
void visit_fields(FieldVisitor& visitor, AuditOptions& options);

struct AuditInputs {
  RecognizerFactory factory;
  EvalSet test;
  std::vector<data::Utterance> utterances;              ///< of every split, for checks 3 and 4
  std::shared_ptr<const data::Dataset> dataset;         ///< null: normalisation is not checked
  graph::SignalContract contract;                       ///< in use: the model's, else the dataset's
  std::vector<std::pair<std::string, Json>> documents;  ///< files with figures, for check 6
};

/// The inputs of a dataset folder: one split is the test, all are searched for leaks. The contract
/// is the model's if it has one, and so is the spelling of all texts. Without documents.
/// Errors: those of open_eval_set.
AuditInputs open_audit_inputs(const std::string& folder, const EvalSetOptions& test,
                              const graph::Model& model, RecognizerFactory factory);

/// What the six checks found (docs/audit.md).
struct Audit {
  Json model;  ///< decode::Recognizer::info()
  SetInfo dataset;
  AuditOptions options;
  Environment environment;
  text::CorpusScore metrics;
  LabelBlindCheck label_blind;
  ControlCheck eeg_use;
  ControlCheck floors;
  SplitCheck splits;
  CollapseCheck collapse;
  TeacherForcingCheck teacher_forcing;
  std::vector<Failure> failures;

  bool passed() const;
  AuditVerdict verdict() const;
};

/// Do the figures of this model mean what they seem to mean?
///
/// Six checks: 1 decoding is label-blind; 2 EEG is used; 3 better than text-only floors; 4 splits;
/// 5 collapse; 6 teacher-forced figures.
/// Errors: those of ModelEvaluator; DataCorrupt if nothing could be decoded.
Audit audit(const AuditInputs& inputs, const AuditOptions& options, const Job& job = {});

/// The verdict file, nest.audit/1.
Json to_json(const Audit& audit);

}  // namespace nest::eval
