#include "nest/eval/compress_table.h"

#include <algorithm>
#include <set>

#include "nest/core/options.h"
#include "nest/eval/summary.h"
#include "nest/recognize/recognizer.h"
#include "nest/runtime/session.h"

namespace nest::eval {
namespace {

/// Weights and what the plans of an utterance's graphs need; 0 for other executors.
std::int64_t memory_of(const recognize::Bundle& bundle, std::int64_t samples) {
  const auto& prepared = bundle.runnable.prepared;
  if (prepared == nullptr || !bundle.model().graphs.contains("encoder")) return 0;
  const runtime::Session session(prepared, "encoder", {{"B", 1}, {"T", samples}});
  return static_cast<std::int64_t>(prepared->weight_bytes()) + session.arena_bytes();
}

std::vector<Tensor> signals_of(const EvalSet& set, int count) {
  const EvalSet few = set.spread(static_cast<std::size_t>(count));
  std::vector<Tensor> signals;
  for (std::size_t i = 0; i < few.utterances.size(); ++i) signals.push_back(few.load(i));
  return signals;
}

/// Pauses in which only the other run heard text, as pauses in which this one heard none.
Results with_pauses_of(Results results, const Results& other) {
  std::set<std::string_view> known;
  for (const UtteranceResult& utterance : results.utterances) known.insert(utterance.id);
  std::vector<UtteranceResult> silent;
  for (const UtteranceResult& utterance : other.utterances) {
    if (!utterance.is_background || known.contains(utterance.id)) continue;
    UtteranceResult pause;
    pause.id = utterance.id;
    pause.subject = utterance.subject;
    pause.session = utterance.session;
    pause.is_background = true;
    silent.push_back(std::move(pause));
  }
  std::ranges::move(silent, std::back_inserter(results.utterances));
  return results;
}

MetricChange cer_change(const Results& floats, const Results& changed, const Job& job) {
  const Comparison all =
      compare_results(with_pauses_of(floats, changed), with_pauses_of(changed, floats), {}, job);
  return *std::ranges::find(all.metrics, text::Metric::kCer, &MetricChange::metric);
}

EvalSet streamed_set(const StepDataOptions& options, const graph::Model& model) {
  EvalSetOptions wanted;
  wanted.split = options.streamed_split;
  return open_eval_set(options.streamed, wanted, model);
}

void measure_streamed(const std::vector<StepModel>& models, const StepDataOptions& options,
                      std::vector<CompressionStep>& steps, const Job& job) {
  if (options.streamed.empty()) return;
  const EvalSet set = streamed_set(options, models.front().bundle.model());
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].bundle.runnable.prepared == nullptr) continue;  // streams run on the runtime
    steps[i].streamed =
        evaluate_streamed(models[i].bundle, options.streamed, set, {}, options.streaming, {}, job);
  }
}

double quantile(std::vector<double> values, double part) {
  const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  std::ranges::nth_element(values, values.begin() + at);
  return values[static_cast<std::size_t>(at)];
}

}  // namespace

void require_sets(const StepDataOptions& options, const graph::Model& model) {
  open_eval_set(options.data, options.scored, model);
  if (!options.streamed.empty()) streamed_set(options, model);
}

void visit_fields(FieldVisitor& visitor, StepDataOptions& o) {
  visitor.group("Data");
  visitor.field("data", o.data, "dataset folder", {}, {.is_required = true});
  visitor.part("", o.scored);
  visitor.field(
      "streamed", o.streamed,
      "dataset whose utterances lie in continuous recordings: they are streamed as wholes", {},
      {.flag = "streamed-data"});
  visitor.field("streamed_split", o.streamed_split, "of that dataset; empty: all");
  visitor.part("", o.streaming);
  visitor.field("timed_utterances", o.timed_utterances, "on how many of them models are timed",
                at_least(1));
}

std::vector<CompressionStep> measure_steps(const std::vector<StepModel>& models,
                                           const StepDataOptions& options, const Job& job) {
  const EvalSet set = open_eval_set(options.data, options.scored, models.front().bundle.model());
  const std::vector<Tensor> signals = signals_of(set, options.timed_utterances);
  std::vector<recognize::Bundle> bundles;
  for (const StepModel& model : models) bundles.push_back(model.bundle);
  const auto times = utterance_times(bundles, signals, job);
  std::int64_t longest = 0;
  for (const Tensor& signal : signals) longest = std::max(longest, signal.dim(1));
  std::vector<CompressionStep> steps;
  for (std::size_t i = 0; i < models.size(); ++i) {
    CompressionStep step;
    step.name = models[i].name;
    step.state = {models[i].figures, models[i].file_bytes, errors_of(bundles[i], set, job)};
    step.memory_bytes = memory_of(bundles[i], longest);
    step.p50_ms = quantile(times[i], 0.5);
    step.p95_ms = quantile(times[i], 0.95);
    step.faster = median_ratio(times.front(), times[i]);
    steps.push_back(std::move(step));
  }
  measure_streamed(models, options, steps, job);
  const CompressionStep* streamed = nullptr;  // the first that was
  for (CompressionStep& step : steps) {
    if (&step != &steps.front())
      step.cer_change = cer_change(*steps.front().state.errors, *step.state.errors, job);
    if (!step.streamed) continue;
    if (streamed != nullptr)
      step.streamed_cer_change = cer_change(*streamed->streamed, *step.streamed, job);
    else
      streamed = &step;
  }
  return steps;
}

}  // namespace nest::eval
