#include "nest/eval/audit.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "audit_checks.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/core/rng.h"

namespace nest::eval {
namespace {

/// The set in reverse order, each utterance with the reference of another one.
EvalSet with_shuffled_references(const EvalSet& set, std::uint64_t seed) {
  EvalSet result = set;
  std::vector<std::string> texts;
  for (const data::Utterance& utterance : set.utterances) texts.push_back(utterance.text);
  Rng rng(seed, "references");
  rng.shuffle(std::span(texts));
  std::rotate(texts.begin(), texts.begin() + (texts.size() > 1 ? 1 : 0), texts.end());
  const std::size_t count = set.utterances.size();
  for (std::size_t i = 0; i < count; ++i) {
    result.utterances[i] = set.utterances[count - 1 - i];
    result.positions[i] = set.positions[count - 1 - i];
    result.utterances[i].text = texts[i];
  }
  result.load = [load = set.load, count](std::size_t i) { return load(count - 1 - i); };
  return result;
}

std::map<std::string, std::string> hypotheses_of(const Results& results) {
  std::map<std::string, std::string> texts;
  for (const UtteranceResult& u : results.utterances) texts[u.id] = u.hypothesis;
  return texts;
}

}  // namespace

LabelBlindCheck check_label_blind(const AuditInputs& inputs, const Results& real,
                                  const AuditOptions& options, const Job& job) {
  const Results shuffled = ModelEvaluator(inputs.factory, options.eval)
                               .evaluate(with_shuffled_references(inputs.test, options.seed), job);
  const auto expected = hypotheses_of(real);
  const auto found = hypotheses_of(shuffled);
  LabelBlindCheck check;
  check.number = 1;
  check.name = "label_blind";
  check.utterances = expected.size();
  for (const auto& [id, text] : expected) {
    const auto at = found.find(id);
    if (at != found.end() && at->second == text) continue;
    ++check.changed;
    if (check.examples.size() < 5) {
      check.examples.push_back({id, text, at == found.end() ? "" : at->second});
    }
  }
  check.passed = check.changed == 0;
  check.summary = check.passed
                      ? fmt::format(
                            "all {} hypotheses stay the same when the references are shuffled "
                            "and the order is reversed",
                            expected.size())
                      : fmt::format(
                            "{} of {} hypotheses change with the references or the order: the "
                            "decoder sees more than its signal",
                            check.changed, expected.size());
  return check;
}

SplitCheck check_splits(const AuditInputs& inputs, const AuditOptions& options, const Job& job) {
  SplitCheck check{
      {4, "splits", false, ""}, audit_split(inputs.utterances, options.split, job), {}};
  std::vector<std::string> problems = check.split.problems;
  if (inputs.dataset != nullptr) {
    check.normalization = audit_normalization(*inputs.dataset, inputs.contract, options.split, job);
    const auto& more = check.normalization->problems;
    problems.insert(problems.end(), more.begin(), more.end());
  }
  check.passed = problems.empty();
  const auto share = [](const Overlap& overlap, const char* what) {
    return fmt::format("{} of {} {}s", overlap.shared, overlap.test, what);
  };
  check.summary = check.passed
                      ? fmt::format("no forbidden overlap; shared with training: {}, {}, {}",
                                    share(check.split.sentence, "sentence"),
                                    share(check.split.subject, "subject"),
                                    share(check.split.session, "session"))
                      : fmt::format("{}", fmt::join(problems, "; "));
  return check;
}

AuditInputs open_audit_inputs(const std::string& folder, const EvalSetOptions& test,
                              const graph::Model& model, RecognizerFactory factory) {
  AuditInputs inputs;
  inputs.factory = std::move(factory);
  inputs.test = open_eval_set(folder, test, model);
  inputs.dataset = std::make_shared<const data::Dataset>(data::Dataset::open(folder));
  inputs.utterances = inputs.dataset->utterances();
  const text::TextRule rule = text::text_rule_from_json(model.vocabulary.text_rule);
  for (data::Utterance& utterance : inputs.utterances) {
    utterance.text = text::spelled(rule, utterance.text);
  }
  const bool has_own = model.signal.rate_hz > 0 || !model.signal.channels.empty();
  inputs.contract = has_own ? model.signal : inputs.dataset->info().signal;
  return inputs;
}

Audit audit(const AuditInputs& inputs, const AuditOptions& options, const Job& job) {
  nest::validate(options);
  log_info("audit: decoding {} utterances", inputs.test.utterances.size());
  const Results real = ModelEvaluator(inputs.factory, options.eval).evaluate(inputs.test, job);
  require(!real.utterances.empty(), ErrorCode::kDataCorrupt,
          "none of {} utterances could be decoded: there is nothing to audit",
          real.failures.size());
  Audit audit;
  audit.model = real.model;
  audit.dataset = real.dataset;
  audit.options = options;
  audit.environment = real.environment;
  audit.metrics = text::sum_scores(scores_of(real), pairs_of(real));
  audit.label_blind = check_label_blind(inputs, real, options, job);
  audit.eeg_use = check_eeg_use(inputs, real, options, job);
  audit.floors = check_floors(inputs, real, options, job);
  audit.splits = check_splits(inputs, options, job);
  audit.collapse = check_collapse(real, options);
  audit.teacher_forcing = check_teacher_forcing(inputs, real);
  audit.failures = real.failures;
  return audit;
}

void visit_fields(FieldVisitor& visitor, AuditOptions& o) {
  visitor.part("eval", o.eval);
  visitor.group("Audit");
  visitor.part("", o.split);
  visitor.field("unit", o.unit, "what is resampled for the intervals");
  visitor.field("shuffles", o.shuffles, "pairings with other utterances' references",
                between(1, 1000));
  visitor.field("min_distinct_ratio", o.min_distinct_ratio,
                "distinct hypotheses over distinct references", between(0, 1));
  visitor.field("min_entropy_ratio", o.min_entropy_ratio,
                "entropy of the hypotheses over that of the references", between(0, 1));
  visitor.field("seed", o.seed, "of pairings and surrogates", {}, kNoFlag);
}

}  // namespace nest::eval
