#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/eval/compare.h"
#include "nest/eval/results.h"
#include "nest/eval/summary.h"

namespace nest::eval {

struct NamedResults {
  std::string name;
  Results results;
};

/// What one run costs, what it reaches, and what that changes against the first run.
struct OverviewRow {
  std::string name;
  std::string executor;
  std::size_t utterances = 0;
  std::int64_t file_bytes = 0;  ///< of the model's file; 0: the results do not say
  std::int64_t macs = 0;        ///< of a second of signal (graph::PassCost); 0: unknown
  MemoryUse memory;
  std::optional<Distribution> latency_ms;  ///< encoding and decoding one utterance
  text::ScoreIntervals metrics;            ///< by utterance
  std::optional<Comparison> change;        ///< none in the first run
  /// Of the same model and executor over whole recordings, if such a run was given.
  std::optional<text::ScoreIntervals> streamed = {};
};

struct Overview {
  std::vector<OverviewRow> rows;  ///< one a run of cut utterances

  bool is_regression() const;
};

/// Streamed runs (Results::streamed) stand in the row of the run of the same model file and
/// executor. Errors: InvalidArgument for fewer than two runs of cut utterances, or a streamed one
/// that belongs to none of them; those of compare_results().
Overview overview(std::span<const NamedResults> runs, const CompareOptions& options,
                  const Job& job = {});

/// {"schema": "nest.overview/1", "rows": [{"name", "executor", "file_bytes", "macs",
/// "weight_bytes", "process_peak_bytes", "latency_ms": {"p50", "p95", "p99"}, "wer", "cer" (0-1)
/// and "bleu" (0-100): {"value", "low", "high"}, "streamed": the same three, "change": to_json() of
/// the comparison}], "regression": bool}
Json to_json(const Overview& overview);

/// The overview as two plain tables: what each run costs, and what it reaches.
std::string overview_text(const Overview& overview);

}  // namespace nest::eval
