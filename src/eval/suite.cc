#include "nest/eval/suite.h"

#include <algorithm>

#include <fmt/format.h>

#include "nest/core/error.h"

namespace nest::eval {

std::vector<SuiteResult> benchmark_suite(const std::vector<SuiteRun>& runs, const EvalSet& set,
                                         const EvalOptions& options,
                                         std::shared_ptr<const text::Tokenizer> tokenizer,
                                         const Job& job) {
  require(!runs.empty(), ErrorCode::kInvalidArgument, "a benchmark suite needs at least one run");
  std::vector<SuiteResult> suite;
  for (const SuiteRun& run : runs) {
    SuiteResult result{
        run.name, ModelEvaluator(run.factory, options, tokenizer).evaluate(set, job), {}, {}};
    result.summary = summarize(result.results, options.summary, job);
    if (!suite.empty() && !result.results.utterances.empty()) {
      CompareOptions compare;
      compare.score = options.summary.score;
      compare.bootstrap = options.summary.bootstrap;
      result.change = compare_results(suite.front().results, result.results, compare, job);
    }
    suite.push_back(std::move(result));
  }
  return suite;
}

std::vector<SuiteRun> beam_runs(const recognize::Bundle& bundle,
                                const recognize::RecognizeOptions& options,
                                std::span<const int> beam_sizes) {
  std::vector<SuiteRun> runs;
  for (const int beam : beam_sizes) {
    recognize::RecognizeOptions run = options;
    run.decode.beam_size = beam;
    run.decode.nbest = std::min(options.decode.nbest, beam);
    runs.push_back({beam == 1 ? "greedy" : fmt::format("beam {}", beam),
                    recognize::RecognizerFactory(bundle, run)});
  }
  return runs;
}

std::string suite_text(const std::vector<SuiteResult>& suite) {
  std::string text;
  for (const SuiteResult& run : suite) {
    text +=
        fmt::format("{}: {}{}", run.name, model_text(run.results.model), summary_text(run.summary));
  }
  return text;
}

Json suite_json(const std::vector<SuiteResult>& suite) {
  Json json{{"schema", "nest.suite/1"}, {"runs", Json::array()}, {"comparison", Json::array()}};
  for (const SuiteResult& run : suite) {
    json["runs"].push_back({{"name", run.name}, {"results", to_json(run.results, run.summary)}});
    if (!run.change) continue;
    json["comparison"].push_back({{"baseline", suite.front().name},
                                  {"name", run.name},
                                  {"comparison", to_json(*run.change)}});
  }
  return json;
}

}  // namespace nest::eval
