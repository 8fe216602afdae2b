#pragma once

#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/data/dataset.h"
#include "nest/data/splits.h"
#include "nest/text/text_rule.h"

namespace nest::data {

/// What is to be otherwise about a dataset that exists. Signals are never written anew: what
/// changes is how they are loaded.
struct RevisionOptions {
  std::string data;
  std::string out;                    ///< folder of the revised dataset; empty: the same
  double resample_hz = 0;             ///< rate of the signal contract; 0: as it is
  std::vector<std::string> channels;  ///< exactly these, in this order; empty: as they are
  std::vector<std::string> exclude;
  text::TextRule text_rule;  ///< changes nothing unless set
  SplitOptions split = {.by = SplitBy::kUtterance, .validation_fraction = 0, .test_fraction = 0};
  /// Fit mean and deviation. A fit that is there is fitted again anyway if channels, rate or the
  /// training part change.
  bool normalize = false;
};
void visit_fields(FieldVisitor& visitor, RevisionOptions& options);
/// Whether the options ask for any change.
bool changes_anything(const RevisionOptions& options);

/// Writes manifest.jsonl and dataset.json of the revised dataset; lines without a problem only.
///
/// Errors: those of Dataset::open and assign_splits; DataCorrupt if a dataset with problems would
/// be written over itself, which would lose them; NotFound for a channel that the contract has not;
/// Interrupted.
Dataset revise_dataset(const Dataset& dataset, const RevisionOptions& options, const Job& job = {});

}  // namespace nest::data
