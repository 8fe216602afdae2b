#include <memory>

#include <fmt/format.h>

#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/eval/eval_set.h"
#include "nest/eval/report.h"
#include "terminal.h"

namespace nest {
namespace {

enum class ReportFormat { kHtml, kMarkdown };
EnumTable enum_table(ReportFormat /*of*/) {
  static constexpr EnumName kNames[] = {{ReportFormat::kHtml, "html"},
                                        {ReportFormat::kMarkdown, "md"}};
  return {"format of a report", kNames};
}

struct Arguments {
  std::string results;
  std::string audit;
  std::string data;
  std::string output;
  ReportFormat format = ReportFormat::kHtml;
  bool json = false;
};

int run(const Arguments& arguments) {
  const eval::Results results = eval::load_results(arguments.results);
  const eval::Summary summary = eval::summarize(results, results.options.summary, command_job());
  eval::ReportContent content{results, summary};
  if (!arguments.audit.empty()) content.audit = eval::load_audit_verdict(arguments.audit);
  std::vector<eval::ReportSignal> signals;
  if (arguments.format == ReportFormat::kHtml && !arguments.data.empty()) {
    eval::EvalSetOptions options;
    options.split = results.dataset.split;
    signals = eval::report_signals(results, eval::open_eval_set(arguments.data, options));
  }
  content.signals = signals;
  const std::string text = arguments.format == ReportFormat::kMarkdown
                               ? eval::report_markdown(content)
                               : eval::report_html(content);
  if (!arguments.output.empty()) write_text_file(arguments.output, text);
  if (arguments.json) {
    Json json{{"results", arguments.results},
              {"format", name_of(arguments.format)},
              {"bytes", text.size()},
              {"examples_with_signal", signals.size()}};
    json[arguments.output.empty() ? "text" : "output"] =
        arguments.output.empty() ? text : arguments.output;
    fmt::print("{}\n", json_text(json, 2));
  } else if (arguments.output.empty()) {
    fmt::print("{}", text);
  }
  return 0;
}

}  // namespace

void add_report(CommandLine& line) {
  line.add_verb(
      "report", "One HTML file or Markdown text from a results file",
      [](Flags& flags) -> CommandLine::Run {
        auto a = std::make_shared<Arguments>();
        flags.positional("results", a->results, "file written by nest benchmark").required();
        flags.add("audit", a->audit, "verdict file written by nest audit");
        flags.add("data", a->data, "dataset folder, for pictures of the EEG");
        flags.add("output", a->output, "file to write; default: standard output");
        flags.add("format", a->format, "of the report");
        flags.add("json", a->json, "print JSON: what was written, or the report as a text");
        return [a] { return run(*a); };
      });
}

}  // namespace nest
