#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nest/eval/compare.h"
#include "nest/eval/evaluator.h"
#include "nest/eval/summary.h"
#include "nest/recognize/recognizer.h"

namespace nest::eval {

/// One run of a suite: the same model with other settings, or another executor.
struct SuiteRun {
  std::string name;  ///< "greedy", "beam 5"
  RecognizerFactory factory;
};

struct SuiteResult {
  std::string name;
  Results results;
  Summary summary;
  std::optional<Comparison> change;  ///< against the first run; none in the first or without text
};

/// Evaluates every run on the same set and compares each with the first.
/// Errors: InvalidArgument without runs; those of ModelEvaluator.
std::vector<SuiteResult> benchmark_suite(const std::vector<SuiteRun>& runs, const EvalSet& set,
                                         const EvalOptions& options,
                                         std::shared_ptr<const text::Tokenizer> tokenizer = nullptr,
                                         const Job& job = {});

/// One run a beam size: "greedy" for 1, else "beam 5".
std::vector<SuiteRun> beam_runs(const recognize::Bundle& bundle,
                                const recognize::RecognizeOptions& options,
                                std::span<const int> beam_sizes);

/// For people: each run's model and summary.
std::string suite_text(const std::vector<SuiteResult>& suite);

/// {"schema": "nest.suite/1", "runs": [{"name", "results"}], "comparison": [...]}
Json suite_json(const std::vector<SuiteResult>& suite);

}  // namespace nest::eval
