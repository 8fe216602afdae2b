#include <algorithm>
#include <filesystem>

#include "nest/eval/evaluator.h"
#include "nest/eval/shard.h"
#include "nest/eval/streamed.h"
#include "nest/eval/suite.h"
#include "nest/eval/summary.h"
#include "nest/recognize/decoding_options.h"
#include "nest/recognize/traced_recognizer.h"
#include "verb.h"

namespace nest {
namespace {

struct BenchmarkArguments : VerbArguments {
  recognize::DecodingOptions recognizer;
  eval::EvalOptions eval;
  eval::EvalSetOptions set;
  std::string data;
  std::string output;
  std::string shard = "1/1";
  std::vector<std::string> merge;
  std::vector<int> suite;
  bool is_streamed = false;
  eval::StreamedOptions streamed;
  std::string trace;
};

int finish(const BenchmarkArguments& a, eval::Results results) {
  if (a.merge.empty()) results.model["file_bytes"] = std::filesystem::file_size(a.recognizer.model);
  const eval::Summary summary = eval::summarize(results, results.options.summary, command_job());
  Json json;
  if (a.json || !a.output.empty()) json = to_json(results, summary);
  if (!a.output.empty()) {
    write_text_file(a.output, json_text(json, 1) + "\n");
    json.erase("utterances");  // printed only if they are in no file
  }
  print_report(a.json, json, eval::model_text(results.model) + eval::summary_text(summary));
  if (results.failures.empty()) return 0;
  log_error("{} utterances could not be decoded", results.failures.size());
  return exit_code(ErrorCode::kCheckFailed);
}

int run_suite(const BenchmarkArguments& a, const recognize::Bundle& bundle,
              const eval::EvalSet& set) {
  const auto suite = eval::benchmark_suite(eval::beam_runs(bundle, a.recognizer.recognize, a.suite),
                                           set, a.eval, bundle.tokenizer, command_job());
  const Json json = suite_json(suite);
  if (!a.output.empty()) write_text_file(a.output, json_text(json, 1) + "\n");
  print_report(a.json, json, suite_text(suite));
  const bool has_failures =
      std::ranges::any_of(suite, [](const auto& run) { return !run.results.failures.empty(); });
  return has_failures ? exit_code(ErrorCode::kCheckFailed) : 0;
}

int run_benchmark(BenchmarkArguments& a) {
  if (!a.merge.empty()) return finish(a, eval::merge_results_files(a.merge, a.eval.summary));
  require(!a.data.empty() && !a.recognizer.model.empty(), ErrorCode::kInvalidArgument,
          "nest benchmark needs --model and --data, or results files to --merge");
  const eval::Shard shard = eval::shard_from(a.shard, environment_variable);
  a.output = eval::path_of_shard(a.output, shard, a.shard);
  a.eval.batch_size = a.recognizer.recognize.decode.batch_size;
  a.set.strict_files = a.eval.strict;
  const recognize::Bundle bundle = recognize::load_bundle(a.recognizer);
  const eval::EvalSet set = eval::open_eval_set(a.data, a.set, bundle.model()).part(shard);
  if (!a.suite.empty()) return run_suite(a, bundle, set);
  if (a.is_streamed) {
    require(
        shard.count == 1, ErrorCode::kInvalidArgument,
        "--streamed takes whole recordings; select some by --subject or --session, not --shard");
    return finish(a, eval::evaluate_streamed(bundle, a.data, set, a.recognizer.recognize,
                                             a.streamed, a.eval, command_job()));
  }
  const recognize::RecognizerFactory factory(bundle, a.recognizer.recognize);
  Trace trace;
  const auto drawn = [&](const eval::EvalSet&) { return recognize::traced(factory(), trace); };
  const eval::ModelEvaluator evaluator(
      a.trace.empty() ? eval::RecognizerFactory(factory) : eval::RecognizerFactory(drawn), a.eval,
      bundle.tokenizer);
  eval::Results results = evaluator.evaluate(set, command_job());
  results.shard = shard;
  if (!a.trace.empty()) trace.write(a.trace);
  return finish(a, std::move(results));
}

}  // namespace

void add_benchmark(CommandLine& line) {
  add_verb<BenchmarkArguments>(
      line, "benchmark", "Error rates, intervals, latency of a model on a dataset, free-running",
      [](Flags& flags, BenchmarkArguments& a) {
        flags.add("data,test-data", a.data, "dataset folder");
        register_flags(flags, a.set);
        flags.add("output", a.output, "results file (nest.results/1); {shard}: the part, 2-of-4");
        flags.add("shard", a.shard,
                  "decode only part i/n, or auto, auto/n: which one, the launcher's variables say");
        flags.add("merge", a.merge, "results files of all parts, in place of a model");
        flags.add("suite", a.suite, "beam sizes to evaluate and compare, for example 1,5,10");
        flags.add("trace", a.trace,
                  "write the recognizers' calls as a trace for ui.perfetto.dev there");
        register_flags(flags, a.recognizer);
        register_flags(flags, a.eval);
        flags.group("Streams");
        flags.add("streamed", a.is_streamed,
                  "stream the recordings as wholes and score their text by time");
        register_flags(flags, a.streamed);
      },
      run_benchmark);
  line.add_alias("eval", "benchmark");
}

}  // namespace nest
