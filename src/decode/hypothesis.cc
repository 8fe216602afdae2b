#include "nest/decode/hypothesis.h"

#include <utility>

#include "nest/text/tokenizer.h"

namespace nest::decode {

void clear(Hypothesis& hypothesis) {
  Hypothesis fresh;
  fresh.tokens.swap(hypothesis.tokens);
  fresh.times.swap(hypothesis.times);
  fresh.confidences.swap(hypothesis.confidences);
  fresh.tokens.clear();
  fresh.times.clear();
  fresh.confidences.clear();
  hypothesis = std::move(fresh);
}

void set_times(Hypothesis& hypothesis, double frame_s) {
  for (TokenSpan& span : hypothesis.times) {
    span.start_s = span.start_frame * frame_s;
    span.end_s = span.end_frame * frame_s;
  }
}

std::string text_of(std::span<const TokenId> tokens, const text::Tokenizer* tokenizer) {
  if (tokenizer != nullptr) return tokenizer->text_of(tokens);
  std::string text;
  for (TokenId token : tokens) {
    if (!text.empty()) text += ' ';
    text += std::to_string(token);
  }
  return text;
}

}  // namespace nest::decode
