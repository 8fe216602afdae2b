#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/eval/report.h"
#include "recognizers.h"
#include "terminal.h"

namespace nest {
namespace {

struct Arguments {
  RecognizerOptions recognizer;
  eval::EvalOptions eval;
  eval::EvalSetOptions set;
  std::string data;
  std::string output;
  std::string shard = "1/1";
  std::vector<std::string> merge;
  std::vector<int> suite;
  bool json = false;
};

/// Without the list of utterances, which is for files.
Json shortened(const Json& results) {
  Json json = results;
  json.erase("utterances");
  return json;
}

void print_table(const Json& results) {
  const Json& summary = results.at("summary");
  const Json& metrics = summary.at("metrics");
  const auto show = [&](const char* label, const Json& value, const char* metric, double factor,
                        const char* unit) {
    const auto range = [&](const char* by) {
      const Json& entry = summary.at("intervals").at(by).at(metric);
      return entry.at("low").is_null()
                 ? std::string("[undefined]")
                 : fmt::format("[{:.2f}, {:.2f}]", entry.at("low").get<double>() * factor,
                               entry.at("high").get<double>() * factor);
    };
    fmt::print("{:<12} {:>8}{:<2} by utterance {:<18} by subject {}\n", label,
               value.is_null() ? "undef." : fmt::format("{:.2f}", value.get<double>() * factor),
               unit, range("utterance"), range("subject"));
  };
  const Json& counts = summary.at("counts");
  fmt::print("{} of {} utterances decoded, {} failed\n", counts.at("decoded").dump(),
             counts.at("selected").dump(), counts.at("failed").dump());
  show("WER", metrics.at("wer").at("value"), "wer", 100, " %");
  show("CER", metrics.at("cer").at("value"), "cer", 100, " %");
  show("BLEU", metrics.at("bleu").at("score"), "bleu", 1, "");
  show("exact match", metrics.at("exact_match").at("value"), "exact_match", 100, " %");
  const Json& latency = summary.at("latency");
  if (latency.at("total_ms").is_null()) return;
  const auto ms = [&](const char* key) { return latency.at("total_ms").at(key).get<double>(); };
  fmt::print(
      "latency      mean {:.3f} ms, p50 {:.3f}, p95 {:.3f}, p99 {:.3f}; real-time factor {}; "
      "{} utterances/s\n",
      ms("mean"), ms("p50"), ms("p95"), ms("p99"),
      latency.at("real_time_factor").is_null()
          ? "unknown"
          : fmt::format("{:.5f}", latency.at("real_time_factor").get<double>()),
      latency.at("utterances_per_s").is_null()
          ? "unknown"
          : fmt::format("{:.1f}", latency.at("utterances_per_s").get<double>()));
}

void write_and_print(const Arguments& a, const Json& results) {
  if (!a.output.empty()) write_text_file(a.output, results.dump(1) + "\n");
  if (a.json) {
    fmt::print("{}\n", (a.output.empty() ? results : shortened(results)).dump(2));
  } else {
    print_table(results);
  }
}

int finish(const Arguments& a, const eval::Results& results) {
  write_and_print(a, to_json(results, a.eval.summary));
  if (results.failures.empty()) return 0;
  log_error("{} utterances could not be decoded", results.failures.size());
  return exit_code(ErrorCode::kCheckFailed);
}

int run_suite(const Arguments& a, const LoadedModel& loaded, const eval::EvalSet& set) {
  std::vector<eval::SuiteRun> runs;
  for (const int beam : a.suite) {
    RecognizerOptions options = a.recognizer;
    options.decode.beam_size = beam;
    options.decode.nbest = std::min(options.decode.nbest, beam);
    decode::validate(options.decode);
    runs.push_back(
        {beam == 1 ? "greedy" : fmt::format("beam {}", beam), recognizer_factory(loaded, options)});
  }
  const Json suite = eval::benchmark_suite(runs, set, a.eval, loaded.tokenizer, command_job());
  if (!a.output.empty()) write_text_file(a.output, suite.dump(1) + "\n");
  if (a.json) {
    fmt::print("{}\n", suite.dump(2));
  } else {
    for (const Json& run : suite.at("runs")) {
      fmt::print("{}\n", run.at("name").get<std::string>());
      print_table(run.at("results"));
    }
  }
  for (const Json& run : suite.at("runs")) {
    if (!run.at("results").at("failures").empty()) return exit_code(ErrorCode::kCheckFailed);
  }
  return 0;
}

int run(Arguments& a) {
  if (!a.merge.empty()) {
    std::vector<eval::Results> parts;
    for (const std::string& path : a.merge) parts.push_back(eval::load_results(path));
    return finish(a, eval::merge_results(parts));
  }
  require(!a.data.empty(), ErrorCode::kInvalidArgument, "--data is missing");
  a.eval.batch_size = a.recognizer.decode.batch_size;
  const LoadedModel loaded = load_model_and_tokenizer(a.recognizer);
  const eval::EvalSet set = eval::open_eval_set(a.data, a.set, loaded.file.model.signal)
                                .part(eval::shard_from_name(a.shard));
  if (!a.suite.empty()) return run_suite(a, loaded, set);
  const eval::ModelEvaluator evaluator(recognizer_factory(loaded, a.recognizer), a.eval,
                                       loaded.tokenizer);
  return finish(a, evaluator.evaluate(set, command_job()));
}

}  // namespace

void add_benchmark(CommandLine& line) {
  line.add_verb(
      "benchmark", "Error rates, intervals, latency of a model on a dataset, free-running",
      [](Flags& flags) -> CommandLine::Run {
        auto a = std::make_shared<Arguments>();
        flags.add("data,test-data", a->data, "dataset folder");
        flags.add("split", a->set.split, "which split; empty: all");
        flags.add("subject", a->set.subject, "only this subject");
        flags.add("session", a->set.session, "only this session");
        flags.add("output", a->output, "results file (nest.results/1)");
        flags.add("shard", a->shard, "decode only part i/n; join the files with --merge");
        flags.add("merge", a->merge, "results files of all parts, in place of a model");
        flags.add("suite", a->suite, "beam sizes to evaluate and compare, for example 1,5,10");
        flags.add("json", a->json, "print JSON");
        register_flags(flags, a->recognizer);
        register_flags(flags, a->eval);
        return [a] { return run(*a); };
      });
  line.add_alias("eval", "benchmark");
}

}  // namespace nest
