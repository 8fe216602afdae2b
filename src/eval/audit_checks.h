#pragma once

#include "nest/eval/audit.h"

namespace nest::eval {

/// The single checks of audit(). `real` is what the honest evaluation of inputs.test found.
LabelBlindCheck check_label_blind(const AuditInputs& inputs, const Results& real,
                                  const AuditOptions& options, const Job& job);
ControlCheck check_eeg_use(const AuditInputs& inputs, const Results& real,
                           const AuditOptions& options, const Job& job);
ControlCheck check_floors(const AuditInputs& inputs, const Results& real,
                          const AuditOptions& options, const Job& job);
SplitCheck check_splits(const AuditInputs& inputs, const AuditOptions& options, const Job& job);
CollapseCheck check_collapse(const Results& real, const AuditOptions& options);
TeacherForcingCheck check_teacher_forcing(const AuditInputs& inputs, const Results& real);

}  // namespace nest::eval
