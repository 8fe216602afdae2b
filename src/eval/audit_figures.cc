#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "audit_checks.h"
#include "nest/core/error.h"
#include "nest/text/unicode.h"

namespace nest::eval {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Says that decoding was given the references: "teacher_forcing": true, "decoding": "teacher...".
bool admits_teacher_forcing(const std::string& key, const Json& value) {
  const std::string name = text::lowercase(key);
  if (value.is_boolean() && value.get<bool>() &&
      (contains(name, "teacher") || name == "forced" || name == "forced_decoding")) {
    return true;
  }
  if (!value.is_string()) return false;
  const std::string text = text::lowercase(value.get<std::string>());
  return (contains(name, "decod") || contains(name, "mode")) &&
         (contains(text, "teacher") || contains(text, "forced"));
}

bool is_figure(const std::string& key) {
  for (const char* name : {"wer", "cer", "bleu", "accuracy", "perplexity", "exact_match"}) {
    if (key == name || key.starts_with(std::string(name) + "_")) return true;
  }
  return false;
}

struct Walk {
  std::vector<std::string> problems;
  std::size_t tf_figures = 0;

  void visit(const Json& json, const std::string& path, bool in_summary, bool forced) {
    if (json.is_array()) {
      std::size_t index = 0;
      for (const Json& item : json)
        visit(item, fmt::format("{}[{}]", path, index++), in_summary, forced);
    }
    if (!json.is_object()) return;
    for (const auto& [key, value] : json.items()) {
      forced = forced || admits_teacher_forcing(key, value);
    }
    for (const auto& [key, value] : json.items()) {
      const std::string at = path.empty() ? key : path + "." + key;
      const bool named = key.starts_with("tf_");
      tf_figures += named;
      if (named && in_summary) {
        problems.push_back(at + " is teacher-forced and stands in a summary");
      } else if (forced && !named && is_figure(key)) {
        problems.push_back(at + " comes from teacher forcing but is not named tf_" + key);
      }
      if (!named) visit(value, at, in_summary || key == "summary" || key == "metrics", forced);
    }
  }
};

/// Hypotheses in a results file must be those that free-running decoding gives now.
void compare_hypotheses(const std::string& name, const Json& document, const Results& real,
                        std::vector<std::string>& problems) {
  if (!document.is_object() || !document.contains("utterances")) return;
  std::map<std::string, std::string> ours;
  for (const UtteranceResult& u : real.utterances) ours[u.id] = u.hypothesis;
  std::size_t shared = 0;
  std::size_t different = 0;
  for (const Json& entry : document.at("utterances")) {
    if (!entry.is_object() || !entry.contains("id") || !entry.contains("hypothesis")) continue;
    if (!entry.at("id").is_string() || !entry.at("hypothesis").is_string()) continue;
    const auto at = ours.find(entry.at("id").get<std::string>());
    if (at == ours.end()) continue;
    ++shared;
    different += at->second != entry.at("hypothesis").get<std::string>();
  }
  if (different > 0) {
    problems.push_back(
        fmt::format("{}: {} of {} hypotheses are not what free-running decoding gives", name,
                    different, shared));
  }
}

}  // namespace

TeacherForcingCheck check_teacher_forcing(const AuditInputs& inputs, const Results& real) {
  Walk walk;
  walk.visit(real.model, "model", false, false);
  for (const auto& [name, document] : inputs.documents) {
    walk.visit(document, name, false, false);
    compare_hypotheses(name, document, real, walk.problems);
  }
  TeacherForcingCheck check{{6, "teacher_forcing", walk.problems.empty(), ""}, walk.problems};
  check.summary = fmt::format(
      "{} files looked through, {} teacher-forced figures, all named tf_* and outside summaries",
      inputs.documents.size(), walk.tf_figures);
  if (!walk.problems.empty()) {
    check.summary = walk.problems.front();
    if (walk.problems.size() > 1) {
      check.summary += fmt::format("; {} more", walk.problems.size() - 1);
    }
  }
  return check;
}

}  // namespace nest::eval
