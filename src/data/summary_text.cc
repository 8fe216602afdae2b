#include <fmt/ranges.h>

#include "nest/core/job.h"
#include "nest/data/summary.h"

namespace nest::data {
namespace {

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

std::string fit_line(FitState fit) {
  switch (fit) {
    case FitState::kNone:
      return "";
    case FitState::kCurrent:
      return "mean and deviation: fitted on the utterances that train\n";
    case FitState::kStale:
      return "mean and deviation: fitted on other utterances than those that train; nest dataset "
             "fits them again\n";
    case FitState::kUnknown:
      return "mean and deviation: of unknown origin\n";
  }
  return "";
}

std::string row(std::string_view name, const PartSummary& part) {
  return fmt::format("  {:<12}{:>11}{:>11}{:>10}{:>10}{:>8}  {}\n", name, part.utterances,
                     part.recordings, part.subjects, part.sessions, part.texts,
                     format_duration(part.duration_s));
}

}  // namespace

std::string summary_text(const DatasetSummary& summary, const Dataset& dataset) {
  const DatasetInfo& info = dataset.info();
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
  for (const Problem& problem : dataset.problems()) {
    text += fmt::format("line {}: {} ({}): {}\n", problem.line, problem.id, name_of(problem.kind),
                        problem.message);
  }
  return text;
}

}  // namespace nest::data
