#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/json.h"
#include "nest/eval/split_audit.h"
#include "nest/text/significance.h"

namespace nest::eval {

/// What a check found; each check has its own figures beside it.
struct CheckVerdict {
  int number = 0;    ///< 1 to 6, as in docs/audit.md
  std::string name;  ///< "label_blind"
  bool passed = false;
  std::string summary;  ///< one sentence
};

struct ChangedHypothesis {
  std::string id;
  std::string hypothesis;
  std::string with_shuffled_references;
};

struct LabelBlindCheck : CheckVerdict {
  std::size_t utterances = 0;
  std::size_t changed = 0;
  std::vector<ChangedHypothesis> examples;
};

/// What is decoded from EEG (a) against something else (b) on the same utterances.
struct Control {
  std::string name;
  text::PairedResult wer;
  text::PairedResult cer;
  bool is_beaten = false;   ///< the interval of b - a of the CER lies above zero
  std::string description;  ///< of a floor; empty for a control
  bool is_oracle = false;   ///< knows the reference: shown, but need not be beaten
};

/// Check 2 (EEG against signals without its text) and 3 (EEG against text without EEG).
struct ControlCheck : CheckVerdict {
  std::vector<Control> controls;
};

struct SplitCheck : CheckVerdict {
  SplitAudit split;
  std::optional<NormalizationAudit> normalization;  ///< nothing without a dataset
};

struct CollapseCheck : CheckVerdict {
  double distinct_ratio = 0;  ///< distinct hypotheses over distinct references
  double min_distinct_ratio = 0;
  double entropy_ratio = 0;  ///< entropy of the hypotheses over that of the references
  double min_entropy_ratio = 0;
  std::string most_frequent;
  std::size_t most_frequent_count = 0;
};

struct TeacherForcingCheck : CheckVerdict {
  std::vector<std::string> problems;
};

/// "evidence that EEG is used" or "no evidence that EEG is used": what check 2 says.
std::string_view eeg_use_text(bool is_used);

Json to_json(const CheckVerdict& verdict);
Json to_json(const LabelBlindCheck& check);
Json to_json(const ControlCheck& check);
Json to_json(const SplitCheck& check);
Json to_json(const CollapseCheck& check);
Json to_json(const TeacherForcingCheck& check);

/// CER of EEG and of a control, for plots; NaN where undefined.
struct ControlFigure {
  std::string name;
  double eeg = 0;
  double control = 0;
  double delta_low = 0;  ///< interval of control - eeg
  double delta_high = 0;
};

/// An audit as a reader sees it: what is printed, and what is read back from a verdict file.
struct AuditVerdict {
  bool passed = false;
  bool eeg_is_used = false;
  std::vector<CheckVerdict> checks;
  std::vector<ControlFigure> controls;  ///< of checks 2 and 3
};
/// Errors: DataCorrupt for another schema than nest.audit/1 or missing keys.
AuditVerdict audit_verdict_from_json(const Json& json);
AuditVerdict load_audit_verdict(const std::string& path);

/// The verdict as plain text.
std::string audit_text(const AuditVerdict& verdict);

}  // namespace nest::eval
