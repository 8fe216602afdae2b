#include "nest/eval/compare.h"

#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/text/significance.h"

namespace nest::eval {
namespace {

struct Paired {
  Results a;
  Results b;
};

/// Both runs restricted to the utterances they share, in the order of a.
Paired pair_up(const Results& a, const Results& b) {
  std::unordered_map<std::string, const UtteranceResult*> in_b;
  for (const UtteranceResult& u : b.utterances) in_b[u.id] = &u;
  Paired paired;
  for (const UtteranceResult& u : a.utterances) {
    const auto at = in_b.find(u.id);
    if (at == in_b.end()) continue;
    require(at->second->reference == u.reference, ErrorCode::kDataCorrupt,
            "utterance {} has different references in the two runs: '{}' and '{}'", u.id,
            u.reference, at->second->reference);
    paired.a.utterances.push_back(u);
    paired.b.utterances.push_back(*at->second);
  }
  require(!paired.a.utterances.empty(), ErrorCode::kDataCorrupt,
          "the two runs have no utterance in common");
  return paired;
}

Json metric_json(const std::string& name, const text::PairedResult& result,
                 const CompareOptions& options) {
  const bool error_rate = name == "wer" || name == "cer";
  const double points = name == "bleu" ? 1 : 100;  // BLEU is on 0-100 already
  const double worse = (error_rate ? 1 : -1) * result.delta.estimate * points;
  const bool significant = result.p_randomization < options.alpha;
  Json json{{"name", name}};
  json.update(to_json(result));
  json["worse_by_points"] = std::isfinite(worse) ? Json(worse) : Json(nullptr);
  json["significant"] = significant;
  json["verdict"] = !significant ? "no significant difference" : worse > 0 ? "worse" : "better";
  json["regression"] = significant && worse > options.margin;
  return json;
}

Json run_json(const Results& results, std::size_t shared) {
  return {{"model", results.model},
          {"decoded", results.utterances.size()},
          {"failed", results.failures.size()},
          {"not_shared", results.utterances.size() - shared}};
}

std::string cell(const Json& value, double factor) {
  return value.is_null() ? "undefined" : fmt::format("{:.2f}", value.get<double>() * factor);
}

}  // namespace

void register_flags(Flags& flags, CompareOptions& options) {
  flags.add("margin", options.margin, "percentage points a metric may get worse");
  flags.add("unit", options.unit, "what is resampled")
      .choices({"utterance", "sentence", "subject", "session"});
  flags.add("alpha", options.alpha, "level of significance");
  register_flags(flags, options.bootstrap);
}

void validate(const CompareOptions& options) {
  require(options.margin >= 0, ErrorCode::kInvalidArgument, "--margin {} must not be negative",
          options.margin);
  require(options.alpha > 0 && options.alpha < 1, ErrorCode::kInvalidArgument,
          "--alpha {} must lie between 0 and 1", options.alpha);
  validate(options.bootstrap);
}

Json compare_results(const Results& a, const Results& b, const CompareOptions& options) {
  validate(options);
  const Paired paired = pair_up(a, b);
  const auto units = units_of(paired.a, options.unit);
  const auto counts_a = text::count_table(scores_of(paired.a)).grouped(units);
  const auto counts_b = text::count_table(scores_of(paired.b)).grouped(units);
  Json json;
  json["schema"] = "nest.compare/1";
  json["a"] = run_json(a, paired.a.utterances.size());
  json["b"] = run_json(b, paired.b.utterances.size());
  json["shared_utterances"] = paired.a.utterances.size();
  json["unit"] = options.unit;
  json["units"] = counts_a.rows();
  json["margin_points"] = options.margin;
  json["alpha"] = options.alpha;
  json["bootstrap"] = to_json(options.bootstrap);
  bool regression = false;
  for (const auto& [name, statistic] : text::all_statistics(options.score)) {
    const auto result = text::compare_paired(counts_a, counts_b, statistic, options.bootstrap);
    json["metrics"].push_back(metric_json(name, result, options));
    regression = regression || json["metrics"].back().at("regression").get<bool>();
  }
  json["regression"] = regression;
  return json;
}

std::string comparison_text(const Json& comparison) {
  std::string text = fmt::format(
      "{} shared utterances, {} units ({}), margin {:g} points\n{:<12} {:>9} {:>9} {:>9}  {:<20} "
      "{:>9} {:>9}  verdict\n",
      comparison.at("shared_utterances").get<std::size_t>(),
      comparison.at("units").get<std::size_t>(), comparison.at("unit").get<std::string>(),
      comparison.at("margin_points").get<double>(), "metric", "a", "b", "b - a", "interval",
      "p (boot.)", "p (rand.)");
  for (const Json& metric : comparison.at("metrics")) {
    const auto name = metric.at("name").get<std::string>();
    const double factor = name == "bleu" ? 1 : 100;
    const Json& delta = metric.at("delta");
    const auto p = [&](const char* key) {
      return metric.at(key).is_null() ? "undefined"
                                      : fmt::format("{:.4f}", metric.at(key).get<double>());
    };
    text += fmt::format(
        "{:<12} {:>9} {:>9} {:>9}  {:<20} {:>9} {:>9}  {}{}\n", name, cell(metric.at("a"), factor),
        cell(metric.at("b"), factor), cell(delta.at("estimate"), factor),
        fmt::format("[{}, {}]", cell(delta.at("low"), factor), cell(delta.at("high"), factor)),
        p("p_bootstrap"), p("p_randomization"), metric.at("verdict").get<std::string>(),
        metric.at("regression").get<bool>() ? "  REGRESSION" : "");
  }
  return text;
}

}  // namespace nest::eval
