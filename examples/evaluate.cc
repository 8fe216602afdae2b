// evaluate MODEL DATA: error rates of a model on the test split of a dataset folder, free-running.
#include <cstdio>

#include <nest/core/error.h>
#include <nest/eval/evaluator.h>
#include <nest/eval/summary.h>
#include <nest/recognize/recognizer.h>

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: evaluate MODEL DATA\n"), 2;
  const auto bundle = nest::recognize::load_bundle(
      argv[1], {.executor = {.precision = nest::graph::Precision::kInt8}});
  const auto set = nest::eval::open_eval_set(argv[2], {.split = "test"}, bundle.model());

  // Each thread makes a recognizer of its own; they share the weights and see signals only.
  const nest::recognize::RecognizerFactory recognizers(bundle, {.decode = {.beam_size = 4}});
  const nest::eval::EvalOptions options{.jobs = 2};
  const auto results = nest::eval::ModelEvaluator(recognizers, options).evaluate(set);

  for (const auto& utterance : results.utterances) {
    std::printf("%s\t%s\n", utterance.id.c_str(), utterance.hypothesis.c_str());
  }
  const auto metrics = nest::eval::summarize(results, options.summary).metrics;
  std::printf("WER %.2f %%\n", 100 * metrics.wer());
  std::printf("CER %.2f %%\n", 100 * metrics.cer());
  return results.failures.empty() ? 0 : 1;
} catch (const nest::Error& error) {
  std::fprintf(stderr, "evaluate: %s\n", error.what());
  return nest::exit_code(error.code());
}
