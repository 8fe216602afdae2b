#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/eval/audit_result.h"
#include "nest/eval/eval_set.h"
#include "nest/eval/results.h"
#include "nest/eval/summary.h"

namespace nest::eval {

/// The signal of one utterance, for its picture. `id` is that of the results.
struct ReportSignal {
  std::string id;
  Tensor signal;  ///< [channels, samples] float32
  double rate_hz = 0;
  std::vector<std::string> channels;
};

/// What a report is made of; refers to the results and their summary.
struct ReportContent {
  const Results& results;
  const Summary& summary;
  std::optional<AuditVerdict> audit = {};
  std::span<const ReportSignal> signals = {};  ///< their utterances are shown with EEG and times
};

/// One HTML file that needs nothing else: tables, inline SVG, light and dark, narrow and wide.
std::string report_html(const ReportContent& content);

/// The tables as Markdown.
std::string report_markdown(const ReportContent& content);

/// Ids worth a picture: the worst, the median and the best utterance by character error rate.
std::vector<std::string> report_example_ids(const Results& results);

/// Their signals. Errors: those of EvalSet::load.
std::vector<ReportSignal> report_signals(const Results& results, const EvalSet& set);

}  // namespace nest::eval
