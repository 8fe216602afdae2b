#include "nest/eval/confidence.h"

#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::eval {
namespace {

ConfidenceChange change_of(std::span<const decode::JudgedToken> tokens, double temperature) {
  return {tokens.size(), decode::calibration_report(tokens),
          decode::calibration_report(decode::with_temperature(tokens, temperature))};
}

Json change_json(const ConfidenceChange& change) {
  return {{"tokens", change.tokens},
          {"before", to_json(change.before)},
          {"after", to_json(change.after)}};
}

std::string change_line(std::string_view name, const ConfidenceChange& change) {
  return fmt::format(
      "{:5} {:6} tokens: expected calibration error {:.4f} -> {:.4f}, negative log likelihood "
      "{:.4f} -> {:.4f}\n",
      name, change.tokens, change.before.ece, change.after.ece, change.before.nll,
      change.after.nll);
}

}  // namespace

std::vector<decode::JudgedToken> judged_tokens(const Results& results) {
  const Json model = results.model.is_object() ? results.model : Json::object();
  const Json options = model.value("options", Json::object());
  const double used = options.value("confidence_temperature", 1.0);
  require(used == 1, ErrorCode::kInvalidArgument,
          "these confidences were already changed by a confidence temperature of {}; decode "
          "without it",
          used);
  std::vector<decode::JudgedToken> judged;
  for (const UtteranceResult& utterance : results.utterances) {
    for (const TokenResult& token : utterance.tokens) {
      if (token.correct < 0) continue;
      require(token.confidence >= 0 && token.confidence <= 1, ErrorCode::kDataCorrupt,
              "utterance {} has a token of confidence {}, must be 0 to 1", utterance.id,
              token.confidence);
      judged.push_back({static_cast<float>(token.confidence), token.correct == 1});
    }
  }
  require(!judged.empty(), ErrorCode::kDataCorrupt,
          "no token was judged; run nest benchmark with a tokenizer");
  return judged;
}

ConfidenceFit fit_confidence(std::span<const decode::JudgedToken> fit,
                             std::span<const decode::JudgedToken> test) {
  ConfidenceFit found;
  found.temperature = decode::fit_temperature(fit);
  found.fit = change_of(fit, found.temperature);
  if (!test.empty()) found.test = change_of(test, found.temperature);
  return found;
}

Json to_json(const ConfidenceFit& fit) {
  Json json{{"confidence_temperature", fit.temperature}, {"fit", change_json(fit.fit)}};
  if (fit.test) json["test"] = change_json(*fit.test);
  return json;
}

std::string confidence_text(const ConfidenceFit& fit) {
  std::string text = change_line("fit", fit.fit);
  if (fit.test) text += change_line("test", *fit.test);
  return text;
}

}  // namespace nest::eval
