#include "utterance_result.h"

#include <string>
#include <vector>

#include "nest/text/edit_distance.h"
#include "nest/text/tokenizer.h"

namespace nest::eval {
namespace {

std::vector<TokenResult> tokens_of(const decode::Recognition& recognition,
                                   const std::string& reference, const text::Tokenizer* tokenizer) {
  std::vector<TokenResult> tokens(recognition.tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const int id = recognition.tokens[i];
    if (tokenizer != nullptr && id >= 0 && id < tokenizer->size()) {
      tokens[i].text = tokenizer->token(id);
    } else {
      tokens[i].text = std::to_string(id);
    }
    if (i < recognition.times.size()) {
      tokens[i].start_s = recognition.times[i].start_s;
      tokens[i].end_s = recognition.times[i].end_s;
    }
    if (i < recognition.confidences.size()) tokens[i].confidence = recognition.confidences[i];
  }
  if (tokenizer == nullptr) return tokens;
  const auto symbols = [](const auto& ids) {
    return std::vector<text::Symbol>(ids.begin(), ids.end());
  };
  std::size_t at = 0;
  for (const text::EditOp op :
       text::align(symbols(tokenizer->encode(reference)), symbols(recognition.tokens))) {
    if (op != text::EditOp::kDelete) tokens[at++].correct = op == text::EditOp::kHit ? 1 : 0;
  }
  return tokens;
}

}  // namespace

UtteranceResult result_of(const data::Utterance& utterance, const decode::Recognition& recognition,
                          const text::ScoreOptions& options, const text::Tokenizer* tokenizer) {
  UtteranceResult result;
  result.id = utterance.id;
  result.subject = utterance.subject;
  result.session = utterance.session;
  result.reference = utterance.text;
  result.hypothesis = recognition.text;
  result.nbest = recognition.nbest_texts;
  result.score = text::score_utterance({{utterance.text}, recognition.text}, options);
  result.oracle_words = result.score.words;
  result.oracle_characters = result.score.characters;
  for (const std::string& candidate : result.nbest) {
    const auto score = text::score_utterance({{utterance.text}, candidate}, options);
    if (score.words.errors() < result.oracle_words.errors()) result.oracle_words = score.words;
    if (score.characters.errors() < result.oracle_characters.errors()) {
      result.oracle_characters = score.characters;
    }
  }
  result.tokens = tokens_of(recognition, utterance.text, tokenizer);
  if (!recognition.nbest.empty()) result.hypothesis_score = recognition.nbest.front().score;
  result.encode_ms = recognition.encode_ms;
  result.decode_ms = recognition.decode_ms;
  return result;
}

}  // namespace nest::eval
