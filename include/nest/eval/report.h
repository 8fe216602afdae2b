#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nest/core/enum.h"
#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
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
  const Summary* streamed = nullptr;           ///< of the same model, streamed (eval/streamed.h)
};

/// One HTML file that needs nothing else: tables, inline SVG, light and dark, narrow and wide.
std::string report_html(const ReportContent& content);

/// The tables as Markdown.
std::string report_markdown(const ReportContent& content);

/// Ids worth a picture: the worst, the median and the best utterance by character error rate.
std::vector<std::string> report_example_ids(const Results& results);

/// Their signals. Errors: those of EvalSet::load.
std::vector<ReportSignal> report_signals(const Results& results, const EvalSet& set);

enum class ReportFormat { kHtml, kMarkdown };
EnumTable enum_table(ReportFormat of);  ///< "html", "md"

struct ReportOptions {
  std::string audit = {};     ///< verdict file written by nest audit; empty: none
  std::string streamed = {};  ///< results of the same model, streamed; empty: none
  std::string data = {};      ///< dataset folder, for pictures of the EEG; empty: none
  ReportFormat format = ReportFormat::kHtml;
};
void visit_fields(FieldVisitor& visitor, ReportOptions& options);

struct Report {
  std::string text;
  std::size_t examples_with_signal = 0;
};
/// The report of a results file. Errors: those of load_results, load_audit_verdict, open_eval_set;
/// Interrupted.
Report make_report(const std::string& results_file, const ReportOptions& options,
                   const Job& job = {});

}  // namespace nest::eval
