#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/eval/eval_set.h"
#include "nest/eval/report.h"

namespace nest {
namespace {

struct Arguments {
  std::string results;
  std::string audit;
  std::string data;
  std::string output;
  std::string format = "html";
};

std::vector<eval::ReportSignal> signals_of(const Arguments& arguments,
                                           const eval::Results& results) {
  std::vector<eval::ReportSignal> signals;
  if (arguments.data.empty()) return signals;
  eval::EvalSetOptions options;
  options.split = results.dataset.split;
  const eval::EvalSet set = eval::open_eval_set(arguments.data, options);
  const auto wanted = eval::report_example_ids(results);
  for (std::size_t i = 0; i < set.utterances.size(); ++i) {
    const std::string& id = set.utterances[i].id;
    if (std::find(wanted.begin(), wanted.end(), id) == wanted.end()) continue;
    signals.push_back({id, set.load(i), set.rate_hz, set.channels});
  }
  return signals;
}

int run(const Arguments& arguments) {
  const eval::Results results = eval::load_results(arguments.results);
  const eval::Summary summary = eval::summarize(results, results.options.summary);
  eval::ReportContent content{results, summary};
  if (!arguments.audit.empty()) content.audit = eval::load_audit_verdict(arguments.audit);
  std::vector<eval::ReportSignal> signals;
  if (arguments.format == "html") signals = signals_of(arguments, results);
  content.signals = signals;
  const std::string text =
      arguments.format == "md" ? eval::report_markdown(content) : eval::report_html(content);
  if (arguments.output.empty()) {
    fmt::print("{}", text);
  } else {
    write_text_file(arguments.output, text);
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
        flags.add("format", a->format, "html or md").choices({"html", "md"});
        return [a] { return run(*a); };
      });
}

}  // namespace nest
