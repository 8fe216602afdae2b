#include "nest/eval/audit.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/log.h"
#include "nest/core/rng.h"

namespace nest::eval {
namespace {

Json check_header(int number, const char* name, bool passed, std::string summary) {
  return {{"number", number}, {"name", name}, {"passed", passed}, {"summary", std::move(summary)}};
}

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

Json check_label_blind(const AuditInputs& inputs, const Results& real, const AuditOptions& options,
                       const Job& job) {
  const Results shuffled = ModelEvaluator(inputs.factory, options.eval)
                               .evaluate(with_shuffled_references(inputs.test, options.seed), job);
  const auto expected = hypotheses_of(real);
  const auto found = hypotheses_of(shuffled);
  std::size_t changed = 0;
  Json examples = Json::array();
  for (const auto& [id, text] : expected) {
    const auto at = found.find(id);
    if (at != found.end() && at->second == text) continue;
    ++changed;
    if (examples.size() < 5) {
      examples.push_back({{"id", id},
                          {"hypothesis", text},
                          {"with_shuffled_references", at == found.end() ? "" : at->second}});
    }
  }
  Json json = check_header(
      1, "label_blind", changed == 0,
      changed == 0 ? fmt::format("all {} hypotheses stay the same when the references are shuffled "
                                 "and the order is reversed",
                                 expected.size())
                   : fmt::format("{} of {} hypotheses change with the references or the order: the "
                                 "decoder sees more than its signal",
                                 changed, expected.size()));
  json["utterances"] = expected.size();
  json["changed"] = changed;
  json["examples"] = std::move(examples);
  return json;
}

Json check_splits(const AuditInputs& inputs, const AuditOptions& options, const Job& job) {
  Json split = audit_split(inputs.utterances, options.split);
  Json normalization = nullptr;
  bool passed = split.at("passed").get<bool>();
  Json problems = split.at("problems");
  if (inputs.dataset != nullptr) {
    normalization = audit_normalization(*inputs.dataset, inputs.contract, options.split, job);
    passed = passed && normalization.at("passed").get<bool>();
    for (const Json& problem : normalization.at("problems")) problems.push_back(problem);
  }
  std::string summary;
  for (const Json& problem : problems) {
    summary += (summary.empty() ? "" : "; ") + problem.get<std::string>();
  }
  if (summary.empty()) {
    const auto share = [&](const char* what) {
      return fmt::format("{} of {} {}s", split.at(what).at("shared").get<std::size_t>(),
                         split.at(what).at("test").get<std::size_t>(), what);
    };
    summary = fmt::format("no forbidden overlap; shared with training: {}, {}, {}",
                          share("sentence"), share("subject"), share("session"));
  }
  Json json = check_header(4, "splits", passed, summary);
  json["split"] = std::move(split);
  json["normalization"] = std::move(normalization);
  return json;
}

Json audit(const AuditInputs& inputs, const AuditOptions& options, const Job& job) {
  validate(options);
  log_info("audit: decoding {} utterances", inputs.test.utterances.size());
  const Results real = ModelEvaluator(inputs.factory, options.eval).evaluate(inputs.test, job);
  require(!real.utterances.empty(), ErrorCode::kDataCorrupt,
          "none of {} utterances could be decoded: there is nothing to audit",
          real.failures.size());
  Json json;
  json["schema"] = kAuditSchema;
  json["verdict"] = "";
  json["eeg_use"] = "";
  json["model"] = real.model;
  json["dataset"] = real.dataset;
  json["options"] = to_json(options);
  json["environment"] = real.environment;
  json["metrics"] =
      to_json(text::sum_scores(scores_of(real), pairs_of(real)), options.eval.summary.score);
  json["checks"] = {check_label_blind(inputs, real, options, job),
                    check_eeg_use(inputs, real, options, job),
                    check_floors(inputs, real, options),
                    check_splits(inputs, options, job),
                    check_collapse(real, options),
                    check_teacher_forcing(inputs, real)};
  json["failures"] = Json::array();
  for (const Failure& failure : real.failures) json["failures"].push_back(to_json(failure));
  bool passed = true;
  for (const Json& check : json["checks"]) passed = passed && check.at("passed").get<bool>();
  json["verdict"] = passed ? "pass" : "fail";
  json["eeg_use"] = json["checks"][1].at("verdict");
  return json;
}

void register_flags(Flags& flags, AuditOptions& options) {
  register_flags(flags, options.eval);
  flags.group("Audit");
  flags.add("train-split", options.split.train, "name of the training split");
  flags.add("disjoint", options.split.disjoint,
            "what must not be in both splits: sentence,subject,session or none");
  flags.add("near-duplicate", options.split.near_duplicate, "similarity that counts as one");
  flags.add("max-near-duplicates", options.split.max_near_duplicates, "share that is tolerated");
  flags.add("unit", options.unit, "what is resampled for the intervals")
      .choices({"utterance", "sentence", "subject", "session"});
  flags.add("shuffles", options.shuffles, "pairings with other utterances' references");
  flags.add("min-distinct-ratio", options.min_distinct_ratio,
            "distinct hypotheses over distinct references");
  flags.add("min-entropy-ratio", options.min_entropy_ratio,
            "entropy of the hypotheses over that of the references");
}

void validate(const AuditOptions& options) {
  validate(options.eval);
  require(options.shuffles >= 1 && options.shuffles <= 1000, ErrorCode::kInvalidArgument,
          "--shuffles {} must be 1 to 1000", options.shuffles);
  for (const double share : {options.split.near_duplicate, options.split.max_near_duplicates,
                             options.min_distinct_ratio, options.min_entropy_ratio}) {
    require(share >= 0 && share <= 1, ErrorCode::kInvalidArgument,
            "audit thresholds must lie between 0 and 1, not {}", share);
  }
}

Json to_json(const AuditOptions& options) {
  return {{"eval", to_json(options.eval)},
          {"train_split", options.split.train},
          {"disjoint", options.split.disjoint},
          {"near_duplicate", options.split.near_duplicate},
          {"max_near_duplicates", options.split.max_near_duplicates},
          {"unit", options.unit},
          {"shuffles", options.shuffles},
          {"min_distinct_ratio", options.min_distinct_ratio},
          {"min_entropy_ratio", options.min_entropy_ratio},
          {"seed", options.seed}};
}

std::string audit_text(const Json& audit) {
  std::string text;
  for (const Json& check : audit.at("checks")) {
    text += fmt::format("{}  {} {:<18} {}\n", check.at("passed").get<bool>() ? "ok  " : "FAIL",
                        check.at("number").get<int>(), check.at("name").get<std::string>(),
                        check.at("summary").get<std::string>());
  }
  return text + fmt::format("{}\nverdict: {}\n", audit.at("eeg_use").get<std::string>(),
                            audit.at("verdict").get<std::string>());
}

}  // namespace nest::eval
