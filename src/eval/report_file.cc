#include <optional>

#include "nest/core/field_error.h"
#include "nest/core/options.h"
#include "nest/eval/report.h"

namespace nest::eval {

EnumTable enum_table(ReportFormat /*of*/) {
  static constexpr EnumName kNames[] = {{ReportFormat::kHtml, "html"},
                                        {ReportFormat::kMarkdown, "md"}};
  return {"format of a report", kNames};
}

void visit_fields(FieldVisitor& visitor, ReportOptions& o) {
  visitor.field("audit", o.audit, "verdict file written by nest audit");
  visitor.field("streamed", o.streamed, "results file of the same model, streamed");
  visitor.field("data", o.data, "dataset folder, for pictures of the EEG");
  visitor.field("format", o.format, "of the report");
}

Report make_report(const std::string& results_file, const ReportOptions& options, const Job& job) {
  const Results results = load_results(results_file);
  const Summary summary = summarize(results, results.options.summary, job);
  const bool is_html = options.format == ReportFormat::kHtml;
  std::vector<ReportSignal> signals;
  if (is_html && !options.data.empty()) {
    EvalSetOptions set;
    set.split = results.dataset.split;
    signals = report_signals(results, open_eval_set(options.data, set));
  }
  ReportContent content{results, summary, {}, signals};
  if (!options.audit.empty()) content.audit = load_audit_verdict(options.audit);
  std::optional<Summary> streamed;
  if (!options.streamed.empty()) {
    const Results live = load_results(options.streamed);
    require_field(
        live.streamed.has_value(), "streamed",
        "is {}, whose results are of utterances that were cut out; evaluate the model streamed",
        options.streamed);
    content.streamed = &streamed.emplace(summarize(live, live.options.summary, job));
  }
  return {is_html ? report_html(content) : report_markdown(content), signals.size()};
}

}  // namespace nest::eval
