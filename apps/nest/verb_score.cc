#include <optional>

#include "nest/text/score_report.h"
#include "verb.h"

namespace nest {
namespace {

struct ScoreArguments : VerbArguments {
  std::vector<std::string> references;
  std::string hypotheses;
  std::string by;
  std::string output;
  int show = 0;
  text::ScoreOptions score;
  text::BootstrapOptions bootstrap;
};

int run_score(const ScoreArguments& arguments) {
  const std::vector<text::TextPair> pairs =
      text::read_text_pairs(arguments.hypotheses, arguments.references);
  std::vector<std::string> groups;
  if (!arguments.by.empty()) {
    groups = text::read_lines_like(arguments.by, arguments.hypotheses, pairs.size());
  }
  const text::ScoreReport report =
      text::score_texts(pairs, arguments.score, arguments.bootstrap, groups, command_job());
  Json json = to_json(report);
  if (!arguments.by.empty()) json["intervals"]["by_file"] = arguments.by;
  if (!arguments.output.empty()) write_text_file(arguments.output, json_text(json, 2) + "\n");
  const auto shown = static_cast<std::size_t>(std::max(arguments.show, 0));
  return print_report(arguments.json, json,
                      score_text(report) + text::worst_alignments(pairs, report.utterances, shown));
}

}  // namespace

void add_score(CommandLine& line) {
  add_verb<ScoreArguments>(
      line, "score", "WER, CER, BLEU and exact match of two text files, line by line",
      [](Flags& flags, ScoreArguments& a) {
        a.bootstrap.threads = 1;  // as on every verb
        flags.add("ref", a.references, "reference file; again for further references").required();
        flags.add("hyp", a.hypotheses, "hypothesis file").required();
        flags.add("by", a.by, "file with one group name a line: intervals by group");
        flags.add("show", a.show, "print alignments of this many worst lines");
        flags.add("output", a.output, "write the JSON there as well");
        flags.group("Comparison");
        register_flags(flags, a.score);
        flags.group("Intervals");
        register_flags(flags, a.bootstrap);
        flags.add("threads", a.bootstrap.threads, "threads; 0: all cores");
      },
      run_score);
}

}  // namespace nest
