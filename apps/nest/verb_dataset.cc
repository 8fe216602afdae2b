#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/data/revise.h"
#include "nest/data/summary.h"
#include "terminal.h"

namespace nest {
namespace {

struct Arguments {
  data::DatasetOptions open;
  data::RevisionOptions revision;
  bool json = false;
};

std::string signal_line(const graph::SignalContract& signal) {
  std::string text =
      fmt::format("{} channels at {} Hz, {}", signal.num_channels, signal.rate_hz, signal.unit);
  if (!signal.bandpass_hz.empty()) {
    text += fmt::format(", band-pass {} Hz", fmt::join(signal.bandpass_hz, " to "));
  }
  if (signal.notch_hz > 0) text += fmt::format(", notch {} Hz", signal.notch_hz);
  if (!signal.ref_electrode.empty()) text += fmt::format(", reference {}", signal.ref_electrode);
  return text + fmt::format(", normalisation {}", name_of(signal.normalization));
}

std::string fit_line(data::FitState fit) {
  switch (fit) {
    case data::FitState::kNone:
      return "";
    case data::FitState::kCurrent:
      return "mean and deviation: fitted on the utterances that train\n";
    case data::FitState::kStale:
      return "mean and deviation: fitted on other utterances than those that train; fit again "
             "with --normalize\n";
    case data::FitState::kUnknown:
      return "mean and deviation: of unknown origin\n";
  }
  return "";
}

std::string row(std::string_view name, const data::PartSummary& part) {
  return fmt::format("  {:<12}{:>11}{:>11}{:>10}{:>10}{:>8}  {}\n", name, part.utterances,
                     part.recordings, part.subjects, part.sessions, part.texts,
                     format_duration(part.duration_s));
}

std::string text_of(const data::Dataset& dataset, const data::DatasetSummary& summary) {
  const data::DatasetInfo& info = dataset.info();
  std::string text = fmt::format("{} ({})\n{}\n{}", dataset.folder().string(), info.name,
                                 signal_line(info.signal), fit_line(summary.fit));
  if (info.text_rule != text::TextRule{}) {
    text += fmt::format("texts: case {}, {}\n", name_of(info.text_rule.letter_case),
                        info.text_rule.punctuation ? "with punctuation" : "no punctuation");
  }
  text += fmt::format("  {:<12}{:>11}{:>11}{:>10}{:>10}{:>8}  duration\n", "", "utterances",
                      "recordings", "subjects", "sessions", "texts");
  for (const auto& [split, part] : summary.splits) {
    text += row(split.empty() ? "(none)" : split, part);
  }
  text += row("all", summary.all);
  if (summary.texts_of_test_in_train > 0) {
    text += fmt::format("{} of {} texts of the test part are in the training part, too\n",
                        summary.texts_of_test_in_train, summary.splits.at("test").texts);
  }
  for (const data::Problem& problem : dataset.problems()) {
    text += fmt::format("line {}: {} ({}): {}\n", problem.line, problem.id, name_of(problem.kind),
                        problem.message);
  }
  return text;
}

int run(const Arguments& a) {
  data::Dataset dataset = data::Dataset::open(a.revision.data, a.open);
  std::size_t problems = dataset.problems().size();
  if (data::changes_anything(a.revision)) {
    dataset = data::revise_dataset(dataset, a.revision, command_job());
  }
  const data::DatasetSummary summary = data::summarize(dataset);
  print_report(a.json, to_json(summary, dataset), text_of(dataset, summary));
  if (problems == 0) return 0;
  log_error("{} utterances have problems and were left out", problems);
  return exit_code(ErrorCode::kCheckFailed);
}

}  // namespace

void add_dataset(CommandLine& line) {
  line.add_verb("dataset", "Check, sum up, split, resample or normalise a dataset that exists",
                [](Flags& flags) -> CommandLine::Run {
                  auto a = std::make_shared<Arguments>();
                  register_flags(flags, a->revision);
                  register_flags(flags, a->open, {.without = {"resample"}});
                  flags.add("json", a->json, "print JSON");
                  return [a] { return run(*a); };
                });
}

}  // namespace nest
