#include "nest/eval/report.h"
#include "verb.h"

namespace nest {
namespace {

struct ReportArguments : VerbArguments {
  std::string results;
  eval::ReportOptions options;
  std::string output;
};

int run_report(const ReportArguments& a) {
  const eval::Report report = eval::make_report(a.results, a.options, command_job());
  const bool is_printed = a.output.empty();
  if (!is_printed) write_text_file(a.output, report.text);
  Json json{{"results", a.results},
            {"format", name_of(a.options.format)},
            {"bytes", report.text.size()},
            {"examples_with_signal", report.examples_with_signal}};
  json[is_printed ? "text" : "output"] = is_printed ? report.text : a.output;
  return print_report(a.json, json, is_printed ? report.text : "");
}

}  // namespace

void add_report(CommandLine& line) {
  add_verb<ReportArguments>(
      line, "report", "One HTML file or Markdown text from a results file",
      [](Flags& flags, ReportArguments& a) {
        flags.positional("results", a.results, "file written by nest benchmark").required();
        register_flags(flags, a.options);
        flags.add("output", a.output, "file to write; default: standard output");
      },
      run_report, "print JSON: what was written, or the report as a text");
}

}  // namespace nest
