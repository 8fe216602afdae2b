#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/decode/calibration.h"
#include "nest/eval/results.h"

namespace nest {
namespace {

struct Arguments {
  std::string fit;
  std::string test;
  bool json = false;
};

std::vector<decode::JudgedToken> judged_tokens(const std::string& path) {
  const eval::Results results = eval::load_results(path);
  const Json options = results.model.value("options", Json::object());
  const double used = options.value("confidence_temperature", 1.0);
  require(used == 1, ErrorCode::kInvalidArgument,
          "{}: these confidences were already changed by a confidence temperature of {}; decode "
          "without it",
          path, used);
  std::vector<decode::JudgedToken> judged;
  for (const eval::UtteranceResult& utterance : results.utterances) {
    for (const eval::TokenResult& token : utterance.tokens) {
      if (token.correct < 0) continue;
      require(token.confidence >= 0 && token.confidence <= 1, ErrorCode::kDataCorrupt,
              "{}: utterance {} has a token of confidence {}, must be 0 to 1", path, utterance.id,
              token.confidence);
      judged.push_back({static_cast<float>(token.confidence), token.correct == 1});
    }
  }
  require(!judged.empty(), ErrorCode::kDataCorrupt,
          "{}: no token was judged; run nest benchmark with a tokenizer", path);
  return judged;
}

/// Expected calibration error as decoded and with the temperature.
Json before_and_after(const std::vector<decode::JudgedToken>& tokens, double temperature) {
  const auto tempered = decode::with_temperature(tokens, temperature);
  return {{"tokens", tokens.size()},
          {"before", to_json(decode::calibration_report(tokens))},
          {"after", to_json(decode::calibration_report(tempered))}};
}

void print_line(const std::string& name, const Json& part) {
  fmt::print(
      "{:5} {:6} tokens: expected calibration error {:.4f} -> {:.4f}, negative log "
      "likelihood {:.4f} -> {:.4f}\n",
      name, part["tokens"].get<std::size_t>(), part["before"]["ece"].get<double>(),
      part["after"]["ece"].get<double>(), part["before"]["nll"].get<double>(),
      part["after"]["nll"].get<double>());
}

int run(const Arguments& a) {
  require(!a.fit.empty(), ErrorCode::kInvalidArgument, "--fit is missing: a results file");
  require(a.fit != a.test, ErrorCode::kInvalidArgument,
          "--fit and --test are the same file; a temperature is tested on other utterances");
  const auto tokens = judged_tokens(a.fit);
  const double temperature = decode::fit_temperature(tokens);
  Json report{{"confidence_temperature", temperature},
              {"fit", before_and_after(tokens, temperature)}};
  if (!a.test.empty()) report["test"] = before_and_after(judged_tokens(a.test), temperature);
  if (a.json) {
    fmt::print("{}\n", json_text(report, 2));
    return 0;
  }
  fmt::print("--confidence-temperature {:.4f}\n", temperature);
  print_line("fit", report["fit"]);
  if (report.contains("test")) print_line("test", report["test"]);
  return 0;
}

}  // namespace

void add_confidence(CommandLine& line) {
  line.add_verb("confidence", "Temperature that makes token confidences true, from results files",
                [](Flags& flags) -> CommandLine::Run {
                  auto a = std::make_shared<Arguments>();
                  flags.add("fit", a->fit,
                            "results of nest benchmark to fit on: the validation part");
                  flags.add("test", a->test, "results to report on as well");
                  flags.add("json", a->json, "print JSON");
                  return [a] { return run(*a); };
                });
}

}  // namespace nest
