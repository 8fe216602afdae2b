#pragma once

#include <span>
#include <string>

#include "nest/core/json.h"
#include "nest/eval/compare.h"
#include "nest/eval/results.h"

namespace nest::eval {

struct NamedResults {
  std::string name;
  Results results;
};

/// One row a run: what it costs, what it reaches, and what that changes against the first run.
///
/// {"schema": "nest.overview/1", "rows": [{"name", "executor", "weight_bytes",
/// "process_peak_bytes", "latency_ms": {"p50", "p95", "p99"} of encoding and decoding one
/// utterance, "wer", "cer" (0-1) and "bleu" (0-100): {"value", "low", "high"} by utterance,
/// "change": metrics of compare_results() against the first run, absent in the first}],
/// "regression": bool} Errors: InvalidArgument for fewer than two runs; those of compare_results().
Json overview(std::span<const NamedResults> runs, const CompareOptions& options);

/// The overview as a plain table.
std::string overview_text(const Json& overview);

}  // namespace nest::eval
