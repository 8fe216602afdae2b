// benchmark MODEL DATA OUTPUT.json: the specification's "Benchmark Evaluation".
#include <cstdio>
#include <vector>

#include <nest/core/error.h>
#include <nest/core/file.h>
#include <nest/core/json.h>
#include <nest/eval/evaluator.h>
#include <nest/eval/suite.h>
#include <nest/eval/summary.h>
#include <nest/recognize/recognizer.h>

#include "promise.h"

using namespace nest;

int main(int argc, char** argv) try {
  if (argc != 4) return std::fprintf(stderr, "usage: benchmark MODEL DATA OUTPUT.json\n"), 2;

  // Load model
  const auto [model, tokenizer] = recognize::load_model_and_tokenizer(argv[1]);
  const recognize::Bundle bundle = recognize::make_bundle(model);
  const eval::EvalSet test_set = eval::open_eval_set(argv[2], {.split = "test"}, bundle.model());

  // Evaluate
  const eval::EvalOptions options;
  const eval::ModelEvaluator evaluator(recognize::RecognizerFactory(bundle), options, tokenizer);
  const eval::Results results = evaluator.evaluate(test_set);
  const eval::Summary summary = eval::summarize(results, options.summary);
  const text::CorpusScore& metrics = summary.metrics;
  std::printf("WER: %.2f %%\nCER: %.2f %%\nBLEU: %.4f\n", 100 * metrics.wer(), 100 * metrics.cer(),
              metrics.value(text::Metric::kBleu, summary.scoring));
  promise(results.utterances.size() == test_set.utterances.size(), "every utterance is scored");
  promise(metrics.wer() < 1 && metrics.cer() < 1 &&
              metrics.value(text::Metric::kBleu, summary.scoring) > 0,
          "computes WER, CER and BLEU");
  promise(summary.latency.total_ms && summary.latency.utterances_per_s > 0,
          "measures inference time and throughput");

  // Full benchmark suite: greedy and beam search
  const auto suite = eval::benchmark_suite(eval::beam_runs(bundle, {}, std::vector{1, 5}), test_set,
                                           options, tokenizer);
  write_text_file(argv[3], eval::suite_json(suite).dump());
  promise(suite[0].results.utterances[0].hypothesis == results.utterances[0].hypothesis,
          "supports greedy decoding, the same in a suite");
  promise(suite[1].change.has_value(), "supports beam search, compared with greedy");
} catch (const Error& error) {
  std::fprintf(stderr, "benchmark: %s\n", error.what());
  return exit_code(error.code());
}
