#include "nest/eval/compression_report.h"

#include <fmt/format.h>

#include "nest/core/json.h"
#include "nest/deploy/prepared_model.h"
#include "nest/eval/compare.h"
#include "nest/eval/summary.h"
#include "nest/recognize/recognizer.h"

namespace nest::eval {
namespace {

constexpr text::Metric kCompared[] = {text::Metric::kCer, text::Metric::kWer};

Json state_json(const CompressionState& state) {
  Json json = to_json(state.figures);
  json["file_bytes"] = state.file_bytes;
  if (!state.errors) return json;
  const Summary summary = summarize(*state.errors, state.errors->options.summary);
  for (const text::Metric metric : kCompared)
    json[std::string(name_of(metric))] = to_json(summary.intervals.utterance[metric]);
  return json;
}

/// Of the metrics that are shown, after against before.
std::vector<MetricChange> changes(const CompressionReport& report) {
  std::vector<MetricChange> shown;
  if (!report.before.errors || !report.after.errors) return shown;
  const auto all = compare_results(*report.before.errors, *report.after.errors, {});
  for (const text::Metric metric : kCompared) {
    for (const MetricChange& change : all.metrics) {
      if (change.metric == metric) shown.push_back(change);
    }
  }
  return shown;
}

std::string row(std::string_view what, double before, double after, std::string_view format) {
  const double factor = after == 0 ? 0 : before / after;
  return fmt::format("{:<14}{:>14}{:>14}{:>9}\n", what, fmt::format(fmt::runtime(format), before),
                     fmt::format(fmt::runtime(format), after),
                     factor > 0 ? fmt::format("{:.2f}x", factor) : "");
}

}  // namespace

Json to_json(const CompressionReport& report) {
  Json json = {{"in", report.in},
               {"out", report.out},
               {"before", state_json(report.before)},
               {"after", state_json(report.after)}};
  for (const MetricChange& change : changes(report))
    json["change"][std::string(name_of(change.metric))] = to_json(change.result.delta);
  return json;
}

std::string report_text(const CompressionReport& report) {
  const compress::ModelFigures &a = report.before.figures, &b = report.after.figures;
  std::string text = fmt::format("{:<14}{:>14}{:>14}{:>9}\n", "", "before", "after", "smaller");
  const auto count = [&](std::string_view what, auto before, auto after) {
    text += row(what, static_cast<double>(before), static_cast<double>(after), "{:.0f}");
  };
  count("parameters", a.parameters, b.parameters);
  count("MACs", a.macs, b.macs);
  count("weight bytes", a.weight_bytes, b.weight_bytes);
  count("file bytes", report.before.file_bytes, report.after.file_bytes);
  text += fmt::format("{:<14}{:>13.1f}%{:>13.1f}%\n", "zeros", 100 * a.sparsity, 100 * b.sparsity);
  for (const MetricChange& change : changes(report)) {
    const text::Interval& delta = change.result.delta;
    text += fmt::format("{:<14}{:>13.2f}%{:>13.2f}%   {:+.2f} [{:+.2f}, {:+.2f}] points\n",
                        name_of(change.metric), 100 * change.result.a, 100 * change.result.b,
                        100 * delta.estimate, 100 * delta.low, 100 * delta.high);
  }
  return text + fmt::format("{}; MACs of {} samples of signal\n", report.out, b.samples);
}

Results errors_of(const recognize::Bundle& bundle, const EvalSet& set, const Job& job) {
  const ModelEvaluator evaluator(recognize::RecognizerFactory(bundle, {}), {}, bundle.tokenizer);
  return evaluator.evaluate(set, job);
}

Results errors_of(const recognize::Bundle& bundle, const graph::Model& model, const EvalSet& set,
                  const Job& job) {
  recognize::Bundle changed = bundle;
  changed.runnable = recognize::make_runnable(model);
  return errors_of(changed, set, job);
}

CompressionReport write_smaller(const SmallerFiles& files, const recognize::Bundle& bundle,
                                const graph::Model& model, const graph::Model& smaller,
                                const Job& job) {
  CompressionReport report{files.in, files.out, {}, {}};
  report.before = {compress::figures_of(model), std::filesystem::file_size(files.in), {}};
  report.after = {compress::figures_of(smaller), deploy::write_model(smaller, files.out), {}};
  if (files.data.empty()) return report;
  const EvalSet set = open_eval_set(files.data, files.scored, model);
  report.before.errors = errors_of(bundle, set, job);
  report.after.errors = errors_of(bundle, smaller, set, job);
  return report;
}

}  // namespace nest::eval
