#include "nest/eval/confidence.h"
#include "verb.h"

namespace nest {
namespace {

struct ConfidenceArguments : VerbArguments {
  std::string fit;
  std::string test;
};

std::vector<decode::JudgedToken> judged_tokens(const std::string& path) {
  return with_context(path, [&] { return eval::judged_tokens(eval::load_results(path)); });
}

int run_confidence(const ConfidenceArguments& a) {
  require(a.fit != a.test, ErrorCode::kInvalidArgument,
          "--fit and --test are the same file; a temperature is tested on other utterances");
  std::vector<decode::JudgedToken> test;
  if (!a.test.empty()) test = judged_tokens(a.test);
  const eval::ConfidenceFit found = eval::fit_confidence(judged_tokens(a.fit), test);
  return print_report(a.json, to_json(found),
                      fmt::format("--confidence-temperature {:.4f}\n{}", found.temperature,
                                  eval::confidence_text(found)));
}

}  // namespace

void add_confidence(CommandLine& line) {
  add_verb<ConfidenceArguments>(
      line, "confidence", "Temperature that makes token confidences true, from results files",
      [](Flags& flags, ConfidenceArguments& a) {
        flags.add("fit", a.fit, "results of nest benchmark to fit on: the validation part")
            .required();
        flags.add("test", a.test, "results to report on as well");
      },
      run_confidence);
}

}  // namespace nest
