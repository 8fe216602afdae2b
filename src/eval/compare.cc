#include "nest/eval/compare.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/json_number.h"
#include "nest/core/options.h"

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

MetricChange change_of(text::Metric metric, const text::PairedResult& result,
                       const CompareOptions& options) {
  MetricChange change{metric, result};
  const double sign = is_error_rate(metric) ? 1 : -1;
  change.worse_by_points = sign * result.delta.estimate * display_factor(metric);
  const bool is_worse = change.worse_by_points > 0;
  if (result.p_randomization < options.alpha) {
    change.verdict = is_worse ? Change::kWorse : Change::kBetter;
    change.is_regression = change.worse_by_points > options.margin;
  }
  return change;
}

ComparedRun compared(const Results& results, std::size_t shared) {
  return {results.model, results.utterances.size(), results.failures.size(),
          results.utterances.size() - shared};
}

Json run_json(const ComparedRun& run) {
  return {{"model", run.model},
          {"decoded", run.decoded},
          {"failed", run.failed},
          {"not_shared", run.not_shared}};
}

Json metric_json(const MetricChange& change) {
  Json json{{"name", name_of(change.metric)}};
  json.update(to_json(change.result));
  json["worse_by_points"] = number_or_null(change.worse_by_points);
  json["significant"] = change.verdict != Change::kNoSignificantDifference;
  json["verdict"] = name_of(change.verdict);
  json["regression"] = change.is_regression;
  return json;
}

std::string cell(double value, double factor) {
  return std::isfinite(value) ? fmt::format("{:.2f}", value * factor) : "undefined";
}

std::string p_cell(double p) {
  return std::isfinite(p) ? fmt::format("{:.4f}", p) : "undefined";
}

std::string metric_line(const MetricChange& change) {
  const double factor = display_factor(change.metric);
  const text::Interval& delta = change.result.delta;
  return fmt::format("{:<12} {:>9} {:>9} {:>9}  {:<20} {:>9} {:>9}  {}{}\n", name_of(change.metric),
                     cell(change.result.a, factor), cell(change.result.b, factor),
                     cell(delta.estimate, factor),
                     fmt::format("[{}, {}]", cell(delta.low, factor), cell(delta.high, factor)),
                     p_cell(change.result.p_bootstrap), p_cell(change.result.p_randomization),
                     name_of(change.verdict), change.is_regression ? "  REGRESSION" : "");
}

}  // namespace

void visit_fields(FieldVisitor& visitor, CompareOptions& o) {
  visitor.field("margin", o.margin, "percentage points a metric may get worse", at_least(0));
  visitor.field("unit", o.unit, "what is resampled");
  visitor.field("alpha", o.alpha, "level of significance", above(0).below(1));
  visitor.part("bootstrap", o.bootstrap);
  visitor.part("score", o.score);
}

EnumTable enum_table(Change /*of*/) {
  static constexpr EnumName kNames[] = {
      {Change::kNoSignificantDifference, "no significant difference"},
      {Change::kBetter, "better"},
      {Change::kWorse, "worse"}};
  return {"verdict of a comparison", kNames};
}

bool Comparison::is_regression() const {
  return std::any_of(metrics.begin(), metrics.end(),
                     [](const MetricChange& change) { return change.is_regression; });
}

Comparison compare_results(const Results& a, const Results& b, const CompareOptions& options,
                           const Job& job) {
  nest::validate(options);
  const Paired paired = pair_up(a, b);
  const auto units = units_of(paired.a, options.unit);
  const auto counts_a = text::count_table(scores_of(paired.a)).grouped(units);
  const auto counts_b = text::count_table(scores_of(paired.b)).grouped(units);
  const std::size_t shared = paired.a.utterances.size();
  Comparison comparison{
      compared(a, shared), compared(b, shared), shared, counts_a.rows(), options, {}};
  for (const text::Metric metric : text::kMetrics) {
    const auto statistic = statistic_of(metric, options.score);
    const auto result = text::compare_paired(counts_a, counts_b, statistic, options.bootstrap, job);
    comparison.metrics.push_back(change_of(metric, result, options));
  }
  return comparison;
}

Json to_json(const Comparison& comparison) {
  Json json;
  json["schema"] = "nest.compare/1";
  json["a"] = run_json(comparison.a);
  json["b"] = run_json(comparison.b);
  json["shared_utterances"] = comparison.shared_utterances;
  json["unit"] = name_of(comparison.options.unit);
  json["units"] = comparison.units;
  json["margin_points"] = comparison.options.margin;
  json["alpha"] = comparison.options.alpha;
  json["bootstrap"] = nest::to_json(comparison.options.bootstrap);
  json["metrics"] = Json::array();
  for (const MetricChange& change : comparison.metrics) {
    json["metrics"].push_back(metric_json(change));
  }
  json["regression"] = comparison.is_regression();
  return json;
}

std::string comparison_text(const Comparison& comparison) {
  std::string text = fmt::format(
      "{} shared utterances, {} units ({}), margin {:g} points\n{:<12} {:>9} {:>9} {:>9}  {:<20} "
      "{:>9} {:>9}  verdict\n",
      comparison.shared_utterances, comparison.units, name_of(comparison.options.unit),
      comparison.options.margin, "metric", "a", "b", "b - a", "interval", "p (boot.)", "p (rand.)");
  for (const MetricChange& change : comparison.metrics) text += metric_line(change);
  return text;
}

}  // namespace nest::eval
