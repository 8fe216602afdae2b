#include <fmt/format.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json_number.h"
#include "nest/core/options.h"
#include "nest/eval/audit.h"

namespace nest::eval {
namespace {

ControlFigure figure_of(const Control& control) {
  return {control.name, control.cer.a, control.cer.b, control.cer.delta.low,
          control.cer.delta.high};
}

ControlFigure figure_from_json(const Json& json) {
  const Json& cer = json.at("cer");
  const Json& delta = cer.at("delta");
  return {json.at("name").get<std::string>(), number_or_nan(cer.at("a")),
          number_or_nan(cer.at("b")), number_or_nan(delta.at("low")),
          number_or_nan(delta.at("high"))};
}

Json control_json(const Control& control) {
  Json json{{"name", control.name},
            {"wer", to_json(control.wer)},
            {"cer", to_json(control.cer)},
            {"better_than_this", control.is_beaten}};
  if (control.description.empty()) return json;
  json["description"] = control.description;
  json["is_oracle"] = control.is_oracle;
  return json;
}

}  // namespace

std::string_view eeg_use_text(bool is_used) {
  return is_used ? "evidence that EEG is used" : "no evidence that EEG is used";
}

bool Audit::passed() const {
  return label_blind.passed && eeg_use.passed && floors.passed && splits.passed &&
         collapse.passed && teacher_forcing.passed;
}

AuditVerdict Audit::verdict() const {
  AuditVerdict verdict{passed(), eeg_use.passed, {}, {}};
  verdict.checks = {label_blind, eeg_use, floors, splits, collapse, teacher_forcing};
  for (const ControlCheck* check : {&eeg_use, &floors}) {
    for (const Control& control : check->controls) verdict.controls.push_back(figure_of(control));
  }
  return verdict;
}

Json to_json(const CheckVerdict& verdict) {
  return {{"number", verdict.number},
          {"name", verdict.name},
          {"passed", verdict.passed},
          {"summary", verdict.summary}};
}

Json to_json(const LabelBlindCheck& check) {
  Json json = to_json(static_cast<const CheckVerdict&>(check));
  json["utterances"] = check.utterances;
  json["changed"] = check.changed;
  json["examples"] = Json::array();
  for (const ChangedHypothesis& example : check.examples) {
    json["examples"].push_back({{"id", example.id},
                                {"hypothesis", example.hypothesis},
                                {"with_shuffled_references", example.with_shuffled_references}});
  }
  return json;
}

Json to_json(const ControlCheck& check) {
  Json json = to_json(static_cast<const CheckVerdict&>(check));
  json["controls"] = Json::array();
  for (const Control& control : check.controls) json["controls"].push_back(control_json(control));
  return json;
}

Json to_json(const SplitCheck& check) {
  Json json = to_json(static_cast<const CheckVerdict&>(check));
  json["split"] = to_json(check.split);
  json["normalization"] = check.normalization ? to_json(*check.normalization) : Json(nullptr);
  return json;
}

Json to_json(const CollapseCheck& check) {
  Json json = to_json(static_cast<const CheckVerdict&>(check));
  json["distinct_ratio"] = check.distinct_ratio;
  json["min_distinct_ratio"] = check.min_distinct_ratio;
  json["entropy_ratio"] = check.entropy_ratio;
  json["min_entropy_ratio"] = check.min_entropy_ratio;
  json["most_frequent"] = {{"text", check.most_frequent}, {"count", check.most_frequent_count}};
  return json;
}

Json to_json(const TeacherForcingCheck& check) {
  Json json = to_json(static_cast<const CheckVerdict&>(check));
  json["problems"] = check.problems;
  return json;
}

Json to_json(const Audit& audit) {
  Json json;
  json["schema"] = kAuditSchema;
  json["verdict"] = audit.passed() ? "pass" : "fail";
  json["eeg_use"] = eeg_use_text(audit.eeg_use.passed);
  json["model"] = audit.model;
  json["dataset"] = to_json(audit.dataset);
  json["options"] = nest::to_json(audit.options);
  json["environment"] = to_json(audit.environment);
  json["metrics"] = to_json(audit.metrics, audit.options.eval.summary.score);
  Json eeg_use = to_json(audit.eeg_use);
  eeg_use["verdict"] = eeg_use_text(audit.eeg_use.passed);
  json["checks"] = {to_json(audit.label_blind), std::move(eeg_use),
                    to_json(audit.floors),      to_json(audit.splits),
                    to_json(audit.collapse),    to_json(audit.teacher_forcing)};
  json["failures"] = Json::array();
  for (const Failure& failure : audit.failures) json["failures"].push_back(to_json(failure));
  return json;
}

AuditVerdict audit_verdict_from_json(const Json& json) {
  const std::string schema = json.is_object() ? json.value("schema", "") : "";
  require(schema == kAuditSchema, ErrorCode::kDataCorrupt,
          "not a verdict of nest audit: schema is '{}', expected '{}'", schema, kAuditSchema);
  try {
    AuditVerdict verdict;
    verdict.passed = json.at("verdict") == "pass";
    for (const Json& entry : json.at("checks")) {
      const auto& check = verdict.checks.emplace_back(
          CheckVerdict{entry.at("number").get<int>(), entry.at("name").get<std::string>(),
                       entry.at("passed").get<bool>(), entry.at("summary").get<std::string>()});
      if (check.name == "eeg_use") verdict.eeg_is_used = check.passed;
      for (const Json& control : entry.value("controls", Json::array())) {
        verdict.controls.push_back(figure_from_json(control));
      }
    }
    return verdict;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "broken audit file: {}", error.what());
  }
}

AuditVerdict load_audit_verdict(const std::string& path) {
  return with_context(path, [&] { return audit_verdict_from_json(load_json(path)); });
}

std::string audit_text(const AuditVerdict& verdict) {
  std::string text;
  for (const CheckVerdict& check : verdict.checks) {
    text += fmt::format("{}  {} {:<18} {}\n", check.passed ? "ok  " : "FAIL", check.number,
                        check.name, check.summary);
  }
  return text + fmt::format("{}\nverdict: {}\n", eeg_use_text(verdict.eeg_is_used),
                            verdict.passed ? "pass" : "fail");
}

}  // namespace nest::eval
