#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nest::text {
class Tokenizer;
}

namespace nest::decode {

using TokenId = std::int32_t;

/// When a token was said: frames [start_frame, end_frame) of the encoder's output.
///
/// Seconds count from the first sample of the utterance; they are 0 while the frame rate is
/// unknown.
struct TokenSpan {
  std::int32_t start_frame = 0;
  std::int32_t end_frame = 0;
  double start_s = 0;
  double end_s = 0;
};

/// One decoded token sequence with its scores, all in natural logarithms.
///
/// score = (log_prob + lm_weight * lm_log_prob + bonus) / LP(|tokens|) + coverage; the parts are
/// kept raw during the search and the penalties are applied once, when hypotheses are ranked.
struct Hypothesis {
  /// Text tokens only: no blank, no start token, no closing end token (see `finished`).
  std::vector<TokenId> tokens;
  double log_prob = 0;     ///< ln P(tokens | signal) of the model alone
  double lm_log_prob = 0;  ///< ln P(tokens) of the language model, unweighted; 0 without one
  double bonus = 0;        ///< hotwords and token bonus, as added to the score
  double score = 0;        ///< what the n-best list is sorted by
  bool finished = false;   ///< closed by the end token, or by the end of the frames (CTC, RNN-T)
  std::vector<TokenSpan> times;    ///< one a token
  std::vector<float> confidences;  ///< one a token, in [0, 1]
};

/// As a new one, with the room it has.
void clear(Hypothesis& hypothesis);

/// What can be shown before an utterance is over.
struct Partial {
  /// Tokens every live hypothesis begins with: never taken back.
  std::vector<TokenId> committed;
  /// The rest of the best hypothesis so far; may change with the next frame.
  std::vector<TokenId> tentative;
};

/// Fills the seconds of every span from its frames. Units: seconds a frame.
void set_times(Hypothesis& hypothesis, double frame_s);

/// The tokenizer's text of these tokens; without a tokenizer (null) their ids, separated by spaces.
std::string text_of(std::span<const TokenId> tokens, const text::Tokenizer* tokenizer);

}  // namespace nest::decode
