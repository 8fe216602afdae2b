#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nest/compress/figures.h"
#include "nest/core/job.h"
#include "nest/core/json_fwd.h"
#include "nest/eval/compare.h"
#include "nest/eval/compression_report.h"
#include "nest/eval/streamed.h"
#include "nest/recognize/bundle.h"

namespace nest::eval {

/// What a table of steps is measured on.
struct StepDataOptions {
  std::string data = {};       ///< dataset folder
  EvalSetOptions scored = {};  ///< utterances whose errors are counted
  std::string streamed = {};   ///< dataset whose utterances lie in continuous recordings; or none
  std::string streamed_split = {};  ///< empty: all its utterances
  StreamedOptions streaming = {};
  int timed_utterances = 20;  ///< of the scored ones, evenly spaced
};
void visit_fields(FieldVisitor& visitor, StepDataOptions& options);
/// Opens the data, so that a search of hours does not end in a name that was misspelled.
/// Errors: those of open_eval_set().
void require_sets(const StepDataOptions& options, const graph::Model& model);

/// One model on the way from the float one to the smallest.
struct CompressionStep {
  std::string name;
  CompressionState state;         ///< size, and errors on utterances
  std::int64_t memory_bytes = 0;  ///< weights and planned activations of the longest utterance
  double p50_ms = 0, p95_ms = 0;  ///< of an utterance, one at a time, one thread
  double faster = 1;              ///< median over utterances of the first step's time over its own
  std::optional<Results> streamed;
  /// Against the first step (streamed: the first on the native runtime), paired by utterance; a
  /// pause in which somebody heard text is one.
  std::optional<MetricChange> cer_change, streamed_cer_change;
};

/// A model that a table has a row for.
struct StepModel {
  std::string name;
  recognize::Bundle bundle;
  compress::ModelFigures figures;
  std::uintmax_t file_bytes = 0;
};

/// Measures all models on the same data; the times of an utterance in turns, so that a slow spell
/// of the machine meets all. The first is what the others are compared with.
/// Errors: those of open_eval_set() and the evaluators; Interrupted.
std::vector<CompressionStep> measure_steps(const std::vector<StepModel>& models,
                                           const StepDataOptions& options, const Job& job = {});

/// [{"name", "parameters", "macs", "file_bytes", "memory_bytes", "p50_ms", "p95_ms", "faster",
/// "smaller", "wer", "cer", "bleu", "streamed_cer", "cer_change", "streamed_cer_change"}]; rates in
/// parts, intervals as {"estimate", "low", "high"}.
Json steps_json(const std::vector<CompressionStep>& steps);
/// One row a step, for people.
std::string steps_text(const std::vector<CompressionStep>& steps);
/// The same as the rows of a HTML table.
std::string steps_html(const std::vector<CompressionStep>& steps);

/// Milliseconds of recognizing each signal with each model: [model][signal], the least of some
/// rounds in which the models take turns.
std::vector<std::vector<double>> utterance_times(const std::vector<recognize::Bundle>& bundles,
                                                 const std::vector<Tensor>& signals,
                                                 const Job& job = {});
/// Median over signals of a / b.
double median_ratio(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace nest::eval
