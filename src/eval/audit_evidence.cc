#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "audit_checks.h"
#include "floors.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/rng.h"
#include "nest/text/significance.h"
#include "surrogates.h"

namespace nest::eval {
namespace {

using text::UtteranceScore;

/// Compares what is decoded from EEG (a) with something else (b) on the same utterances.
Control compare_with(const std::string& name, const std::vector<UtteranceScore>& real,
                     const std::vector<UtteranceScore>& other,
                     const std::vector<std::string>& units, const AuditOptions& options,
                     const Job& job) {
  const auto a = text::count_table(real).grouped(units);
  const auto b = text::count_table(other).grouped(units);
  const auto compared = [&](const text::Statistic& statistic) {
    return text::compare_paired(a, b, statistic, options.eval.summary.bootstrap, job);
  };
  Control control;
  control.name = name;
  control.wer = compared(text::wer_statistic());
  control.cer = compared(text::cer_statistic());
  control.is_beaten = control.cer.delta.low > 0;
  return control;
}

std::vector<UtteranceScore> score_against(const Results& real,
                                          const std::vector<std::string>& hypotheses,
                                          const AuditOptions& options) {
  std::vector<UtteranceScore> scores;
  for (std::size_t i = 0; i < real.utterances.size(); ++i) {
    scores.push_back(text::score_utterance({{real.utterances[i].reference}, hypotheses[i]},
                                           options.eval.summary.score));
  }
  return scores;
}

/// For each utterance another one of the same subject (of any, if the subject has one only): a
/// cyclic shift of a random order.
std::vector<std::size_t> other_trials(const Results& real, std::uint64_t seed, std::size_t round) {
  std::map<std::string, std::vector<std::size_t>> groups;
  std::map<std::string, std::size_t> sizes;
  for (const UtteranceResult& u : real.utterances) ++sizes[u.subject];
  for (std::size_t i = 0; i < real.utterances.size(); ++i) {
    const std::string& subject = real.utterances[i].subject;
    groups[sizes[subject] > 1 ? subject : std::string("\n")].push_back(i);
  }
  std::vector<std::size_t> other(real.utterances.size());
  Rng rng(seed, "trials", round);
  for (auto& [subject, members] : groups) {
    rng.shuffle(std::span(members));
    for (std::size_t k = 0; k < members.size(); ++k) {
      other[members[k]] = members[(k + 1) % members.size()];
    }
  }
  return other;
}

UtteranceScore scaled_sum(const UtteranceScore& a, const UtteranceScore& b) {
  UtteranceScore sum = a;
  sum.words += b.words;
  sum.characters += b.characters;
  sum.bleu += b.bleu;
  return sum;
}

/// Real EEG of other trials: what another trial's signal was decoded to, scored against this
/// utterance's reference. Sums over all pairings; the real counts are multiplied alike, so that
/// both sides are sums of integers.
Control shuffled_trials(const Results& real, const std::vector<std::string>& units,
                        const AuditOptions& options, const Job& job) {
  const auto scores = scores_of(real);
  std::vector<UtteranceScore> repeated(scores.size());
  std::vector<UtteranceScore> shuffled(scores.size());
  for (int round = 0; round < options.shuffles; ++round) {
    job.check_stop("no verdict was written");
    const auto other = other_trials(real, options.seed, static_cast<std::size_t>(round));
    std::vector<std::string> hypotheses;
    for (const std::size_t i : other) hypotheses.push_back(real.utterances[i].hypothesis);
    const auto against = score_against(real, hypotheses, options);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      repeated[i] = scaled_sum(repeated[i], scores[i]);
      shuffled[i] = scaled_sum(shuffled[i], against[i]);
    }
  }
  return compare_with("shuffled_trials", repeated, shuffled, units, options, job);
}

/// Real and surrogate results restricted to the utterances both have.
std::vector<std::string> aligned_hypotheses(const Results& real, const Results& other) {
  std::map<std::size_t, std::string> texts;
  for (const UtteranceResult& u : other.utterances) texts[u.position] = u.hypothesis;
  std::vector<std::string> hypotheses;
  for (const UtteranceResult& u : real.utterances) {
    const auto at = texts.find(u.position);
    require(at != texts.end(), ErrorCode::kCheckFailed,
            "utterance {} was decoded from EEG but not from its surrogate", u.id);
    hypotheses.push_back(at->second);
  }
  return hypotheses;
}

std::string interval_text(const Control& control) {
  const text::Interval& delta = control.cer.delta;
  if (!std::isfinite(delta.low)) return control.name + " undefined";
  return fmt::format("{} {:+.1f} [{:.1f}, {:.1f}]", control.name, 100 * delta.estimate,
                     100 * delta.low, 100 * delta.high);
}

ControlCheck evidence(int number, const char* name, std::vector<Control> controls,
                      std::string_view yes, std::string_view no) {
  ControlCheck check{{number, name, true, ""}, std::move(controls)};
  std::string figures;
  for (const Control& control : check.controls) {
    if (control.is_oracle) continue;
    check.passed = check.passed && control.is_beaten;
    figures += (figures.empty() ? "" : ", ") + interval_text(control);
  }
  check.summary =
      fmt::format("{} (CER points worse than EEG: {})", check.passed ? yes : no, figures);
  return check;
}

double entropy_bits(const std::map<std::string, std::size_t>& counts, double total) {
  double entropy = 0;
  for (const auto& [text, count] : counts) {
    const double p = static_cast<double>(count) / total;
    entropy -= p * std::log2(p);
  }
  return entropy;
}

}  // namespace

ControlCheck check_eeg_use(const AuditInputs& inputs, const Results& real,
                           const AuditOptions& options, const Job& job) {
  const auto units = units_of(real, options.unit);
  std::vector<Control> controls;
  for (const Surrogate kind : {Surrogate::kGaussian, Surrogate::kPhase, Surrogate::kZeros}) {
    log_info("audit: decoding {}", name_of(kind));
    const Results other = ModelEvaluator(inputs.factory, options.eval)
                              .evaluate(with_surrogates(inputs.test, kind, options.seed), job);
    controls.push_back(compare_with(std::string(name_of(kind)), scores_of(real),
                                    score_against(real, aligned_hypotheses(real, other), options),
                                    units, options, job));
  }
  controls.push_back(shuffled_trials(real, units, options, job));
  return evidence(2, "eeg_use", std::move(controls), eeg_use_text(true), eeg_use_text(false));
}

ControlCheck check_floors(const AuditInputs& inputs, const Results& real,
                          const AuditOptions& options, const Job& job) {
  std::vector<std::string> training;
  for (const data::Utterance& utterance : inputs.utterances) {
    if (utterance.split == options.split.train) training.push_back(utterance.text);
  }
  std::vector<std::string> references;
  for (const UtteranceResult& u : real.utterances) references.push_back(u.reference);
  const auto units = units_of(real, options.unit);
  std::vector<Control> controls;
  for (const Floor& floor : text_floors(training, references, 2000, options.eval.jobs, job)) {
    Control& control = controls.emplace_back(
        compare_with(floor.name, scores_of(real), score_against(real, floor.hypotheses, options),
                     units, options, job));
    control.description = floor.description;
    control.is_oracle = floor.is_oracle;
  }
  return evidence(3, "floors", std::move(controls), "better than text without EEG",
                  "not better than text without EEG");
}

CollapseCheck check_collapse(const Results& real, const AuditOptions& options) {
  std::map<std::string, std::size_t> hypotheses;
  std::map<std::string, std::size_t> references;
  for (const UtteranceResult& u : real.utterances) {
    ++hypotheses[u.hypothesis];
    ++references[u.reference];
  }
  const auto total = static_cast<double>(real.utterances.size());
  const double reference_entropy = entropy_bits(references, total);
  const double entropy = entropy_bits(hypotheses, total);
  CollapseCheck check;
  check.number = 5;
  check.name = "collapse";
  check.distinct_ratio =
      static_cast<double>(hypotheses.size()) / static_cast<double>(references.size());
  check.min_distinct_ratio = options.min_distinct_ratio;
  check.entropy_ratio = reference_entropy > 0 ? entropy / reference_entropy : 1;
  check.min_entropy_ratio = options.min_entropy_ratio;
  check.passed = check.distinct_ratio >= options.min_distinct_ratio &&
                 check.entropy_ratio >= options.min_entropy_ratio;
  for (const auto& [text, count] : hypotheses) {
    if (count <= check.most_frequent_count) continue;
    check.most_frequent = text;
    check.most_frequent_count = count;
  }
  check.summary = fmt::format(
      "{} distinct hypotheses for {} references, entropy {:.2f} of {:.2f} bits; the most "
      "frequent, \"{}\", is {:.0f} % of all",
      hypotheses.size(), references.size(), entropy, reference_entropy, check.most_frequent,
      100 * static_cast<double>(check.most_frequent_count) / total);
  return check;
}

}  // namespace nest::eval
