#include <fmt/format.h>

#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/eval/results.h"

namespace nest::eval {
namespace {

Json utterance_json(const UtteranceResult& u, const data::Utterance& utterance) {
  Json json{{"id", u.id}, {"text", u.hypothesis}, {"score", u.hypothesis_score}};
  for (const char* key : {"start_s", "duration_s"}) {
    if (utterance.extra.contains(key)) json[key] = utterance.extra[key];
  }
  json["nbest"] = u.nbest;
  json["tokens"] = Json::array();
  for (const TokenResult& token : u.tokens) {
    json["tokens"].push_back({{"text", token.text},
                              {"start_s", token.start_s},
                              {"end_s", token.end_s},
                              {"confidence", token.confidence}});
  }
  return json;
}

}  // namespace

std::string decoded_text(const Results& results) {
  std::string text;
  for (const UtteranceResult& u : results.utterances)
    text += fmt::format("{}\t{}\n", u.id, u.hypothesis);
  return text;
}

std::string decoded_json_lines(const Results& results, const EvalSet& set) {
  std::string text;
  for (const UtteranceResult& u : results.utterances)
    text += json_text(utterance_json(u, set.utterances[u.position])) + "\n";
  return text;
}

}  // namespace nest::eval
