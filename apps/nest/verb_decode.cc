#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/eval/evaluator.h"
#include "recognizer_arguments.h"
#include "terminal.h"

namespace nest {
namespace {

struct Arguments {
  RecognizerArguments recognizer;
  eval::EvalOptions eval;
  eval::EvalSetOptions set;
  std::string data;
  std::string output;
  bool json = false;
};

Json utterance_json(const eval::UtteranceResult& u) {
  Json json{{"id", u.id}, {"text", u.hypothesis}, {"score", u.hypothesis_score}};
  json["nbest"] = u.nbest;
  json["tokens"] = Json::array();
  for (const eval::TokenResult& token : u.tokens) {
    json["tokens"].push_back({{"text", token.text},
                              {"start_s", token.start_s},
                              {"end_s", token.end_s},
                              {"confidence", token.confidence}});
  }
  return json;
}

int run(Arguments& a) {
  a.eval.batch_size = a.recognizer.recognize.decode.batch_size;
  const recognize::Bundle bundle = bundle_of(a.recognizer);
  const eval::EvalSet set = eval::open_eval_set(a.data, a.set, bundle.model());
  const auto results =
      eval::ModelEvaluator(recognize::RecognizerFactory(bundle, a.recognizer.recognize), a.eval,
                           bundle.tokenizer)
          .evaluate(set, command_job());
  std::string text;
  for (const eval::UtteranceResult& u : results.utterances) {
    text +=
        a.json ? json_text(utterance_json(u)) + "\n" : fmt::format("{}\t{}\n", u.id, u.hypothesis);
  }
  if (a.output.empty()) {
    fmt::print("{}", text);
  } else {
    write_text_file(a.output, text);
  }
  if (results.failures.empty()) return 0;
  log_error("{} utterances could not be decoded", results.failures.size());
  return exit_code(ErrorCode::kCheckFailed);
}

}  // namespace

void add_decode(CommandLine& line) {
  line.add_verb("decode", "Text of every utterance of a dataset",
                [](Flags& flags) -> CommandLine::Run {
                  auto a = std::make_shared<Arguments>();
                  flags.add("data,test-data", a->data, "dataset folder").required();
                  register_flags(flags, a->set);
                  flags.add("output", a->output, "write there instead of standard output");
                  flags.add("json", a->json, "one JSON object a line, with times and n-best");
                  register_flags(flags, a->recognizer);
                  register_flags(flags, a->eval);
                  return [a] { return run(*a); };
                });
}

}  // namespace nest
