#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/core/options_fwd.h"
#include "nest/eval/results.h"
#include "nest/text/bootstrap.h"
#include "nest/text/significance.h"

namespace nest::eval {

struct CompareOptions {
  double margin = 0;  ///< percentage points b may be worse before it is a regression
  Unit unit = Unit::kUtterance;
  double alpha = 0.05;
  text::BootstrapOptions bootstrap;
  text::ScoreOptions score;
};
void visit_fields(FieldVisitor& visitor, CompareOptions& options);

enum class Change { kNoSignificantDifference, kBetter, kWorse };
EnumTable enum_table(Change of);  ///< "no significant difference", "better", "worse"

struct MetricChange {
  text::Metric metric = text::Metric::kWer;
  text::PairedResult result;
  double worse_by_points = 0;  ///< percentage or BLEU points; negative: better; NaN: undefined
  Change verdict = Change::kNoSignificantDifference;
  bool is_regression = false;  ///< worse by more than the margin
};

struct ComparedRun {
  Json model;  ///< decode::Recognizer::info()
  std::size_t decoded = 0;
  std::size_t failed = 0;
  std::size_t not_shared = 0;  ///< decoded by this run only
};

struct Comparison {
  ComparedRun a;
  ComparedRun b;
  std::size_t shared_utterances = 0;
  std::size_t units = 0;  ///< that were resampled
  CompareOptions options;
  std::vector<MetricChange> metrics;  ///< in the order of text::kMetrics

  bool is_regression() const;
};

/// Does run b differ from run a on the same utterances?
///
/// Each metric by paired bootstrap and approximate randomisation, paired by utterance id over the
/// utterances both decoded. Errors: DataCorrupt if references differ or no utterance is in both;
/// Interrupted.
Comparison compare_results(const Results& a, const Results& b, const CompareOptions& options,
                           const Job& job = {});

/// {"schema": "nest.compare/1", "metrics": [...], "regression": bool, ...}
Json to_json(const Comparison& comparison);

/// The comparison as a plain table.
std::string comparison_text(const Comparison& comparison);

}  // namespace nest::eval
