#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/options_fwd.h"

namespace nest::decode {

/// What |Y| counts in the length penalty of an attention model.
enum class LengthConvention { kWithEos, kWithoutEos, kWithSosAndEos };
EnumTable enum_table(LengthConvention of);  ///< "with_eos", "without_eos", "with_sos_and_eos"

/// What the words of a language model are.
enum class LmUnit { kToken, kWord, kChar };
EnumTable enum_table(LmUnit of);  ///< "token", "word", "char"

/// Everything that changes what a decoder returns. docs/decode.md gives the order of operations.
struct DecodeOptions {
  // search
  int beam_size = 1;       ///< make_decoder(): 1 is greedy
  int nbest = 1;           ///< hypotheses returned, at most beam_size (attention: 2 * beam_size)
  double temperature = 1;  ///< emissions become log_softmax(log_probs / temperature)
  int token_beam = 0;      ///< new tokens tried a frame or step; 0: all
  double token_threshold = 0;  ///< nats below the frame's best token; 0: no limit
  double score_threshold = 0;  ///< nats below the best hypothesis; 0: no limit
  double blank_skip = 0;       ///< CTC: frames with P(blank) above this only stay; 0: never
  double min_probability = 0;  ///< CTC greedy: frames whose token is less likely are silent
  int max_symbols = 3;         ///< RNN-T: tokens a frame
  // ranking
  double length_penalty = 0;    ///< alpha of LP = ((5 + |Y|) / 6)^alpha
  double coverage_penalty = 0;  ///< beta of beta * sum_i ln(min(sum_t attention_ti, 1))
  LengthConvention length_convention = LengthConvention::kWithEos;
  int min_length = 0;               ///< attention: generated tokens including the end token
  int max_length = 100;             ///< attention: generated tokens including the end token
  bool include_unfinished = false;  ///< attention: rank hypotheses cut at max_length too
  // outside knowledge
  std::string lm;  ///< n-gram file (ARPA, compact) or network (.pt, .safetensors); empty: none
  double lm_weight = 0.5;  ///< multiplies natural logarithms
  LmUnit lm_unit = LmUnit::kWord;
  std::string rescore_lm;       ///< ranks the n-best list in place of `lm`; empty: none
  double rescore_weight = 0.5;  ///< multiplies natural logarithms
  double token_bonus = 0;       ///< added a token, against the language model's wish for short text
  std::vector<std::string> hotwords;
  double hotword_weight = 1.5;  ///< added a matched hotword token
  std::string vocabulary;       ///< file with one allowed word a line; empty: open
  std::vector<std::int64_t> banned_tokens;
  // output
  double confidence_temperature = 1;  ///< from fit_temperature()
  int batch_size = 8;                 ///< utterances an encoder call
};

void visit_fields(FieldVisitor& visitor, DecodeOptions& options);
/// Errors: FieldError naming the field, its value and the limit.
void validate(const DecodeOptions& options);

/// True if the file is a network, not an n-gram: .pt or .safetensors.
bool is_neural_lm(std::string_view path);

/// ((5 + length) / 6)^alpha (Wu et al. 2016, eq. 14).
double length_penalty(double length, double alpha);

}  // namespace nest::decode
