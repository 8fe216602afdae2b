#pragma once

#include <map>
#include <string>

#include "nest/core/json_fwd.h"
#include "nest/data/dataset.h"

namespace nest::data {

/// Sums over some utterances.
struct PartSummary {
  std::size_t utterances = 0;
  std::size_t recordings = 0;  ///< files
  std::size_t subjects = 0;
  std::size_t sessions = 0;  ///< of all subjects
  std::size_t texts = 0;     ///< distinct ones
  double duration_s = 0;
};

/// Whether the stored mean and deviation are those of the training part.
enum class FitState {
  kNone,     ///< nothing is fitted
  kCurrent,  ///< fitted on the utterances that train now
  kStale,    ///< fitted on others: fit again
  kUnknown,  ///< there is no record of what it was fitted on
};
EnumTable enum_table(FitState of);  ///< "none", "current", "stale", "unknown"

/// What is in a dataset, by its manifest and contract.
struct DatasetSummary {
  PartSummary all;
  std::map<std::string, PartSummary> splits;
  std::size_t texts_of_test_in_train = 0;  ///< distinct ones
  FitState fit = FitState::kNone;
};

/// Cost: looks into a recording's header only where a range has no end or rates differ.
DatasetSummary summarize(const Dataset& dataset);
/// With name, contract, rule of spelling and problems.
Json to_json(const DatasetSummary& summary, const Dataset& dataset);
/// The same for people: one row a split.
std::string summary_text(const DatasetSummary& summary, const Dataset& dataset);

}  // namespace nest::data
