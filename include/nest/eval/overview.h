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
  MemoryUse memory;
  std::optional<Distribution> latency_ms;  ///< encoding and decoding one utterance
  text::ScoreIntervals metrics;            ///< by utterance
  std::optional<Comparison> change;        ///< none in the first run
};

struct Overview {
  std::vector<OverviewRow> rows;  ///< one a run

  bool is_regression() const;
};

/// Errors: InvalidArgument for fewer than two runs; those of compare_results().
Overview overview(std::span<const NamedResults> runs, const CompareOptions& options,
                  const Job& job = {});

/// {"schema": "nest.overview/1", "rows": [{"name", "executor", "weight_bytes",
/// "process_peak_bytes", "latency_ms": {"p50", "p95", "p99"}, "wer", "cer" (0-1) and "bleu"
/// (0-100): {"value", "low", "high"}, "change": to_json() of the comparison}], "regression": bool}
Json to_json(const Overview& overview);

/// The overview as a plain table.
std::string overview_text(const Overview& overview);

}  // namespace nest::eval
