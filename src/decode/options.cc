#include "nest/decode/options.h"

#include <cmath>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"

namespace nest::decode {

namespace {

void require_range(std::string_view name, double value, double low, double high) {
  require(value >= low && value <= high, ErrorCode::kInvalidArgument,
          "{} is {}; it must lie between {} and {}", name, value, low, high);
}

void validate_search(const DecodeOptions& o) {
  require_range("beam", o.beam_size, 1, 100000);
  require_range("nbest", o.nbest, 1, 2.0 * o.beam_size);
  require_range("temperature", o.temperature, 1e-3, 1e3);
  require_range("token-beam", o.token_beam, 0, 1e9);
  require_range("token-threshold", o.token_threshold, 0, 1e9);
  require_range("score-threshold", o.score_threshold, 0, 1e9);
  require_range("blank-skip", o.blank_skip, 0, 1);
  require_range("max-symbols", o.max_symbols, 1, 1000);
}

}  // namespace

LengthConvention length_convention_from_name(std::string_view name) {
  if (name == "with_eos") return LengthConvention::kWithEos;
  if (name == "without_eos") return LengthConvention::kWithoutEos;
  if (name == "with_sos_and_eos") return LengthConvention::kWithSosAndEos;
  fail(ErrorCode::kInvalidArgument,
       "unknown length convention '{}'; known: with_eos, without_eos, with_sos_and_eos", name);
}

LmUnit lm_unit_from_name(std::string_view name) {
  if (name == "token") return LmUnit::kToken;
  if (name == "word") return LmUnit::kWord;
  if (name == "char") return LmUnit::kChar;
  fail(ErrorCode::kInvalidArgument, "unknown LM unit '{}'; known: token, word, char", name);
}

void register_flags(Flags& flags, DecodeOptions& o) {
  flags.group("Search");
  flags.add("beam,beam-size", o.beam_size, "hypotheses kept; 1 is greedy");
  flags.add("nbest", o.nbest, "hypotheses returned an utterance");
  flags.add("temperature", o.temperature, "divides the model's log-probabilities");
  flags.add("token-beam", o.token_beam, "new tokens tried a step, 0 for all");
  flags.add("token-threshold", o.token_threshold, "nats below the best token, 0 for no limit");
  flags.add("score-threshold", o.score_threshold, "nats below the best hypothesis, 0 for no limit");
  flags.add("blank-skip", o.blank_skip, "CTC: P(blank) above which a frame starts no token");
  flags.add("max-symbols", o.max_symbols, "RNN-T: tokens a frame");
  flags.group("Ranking");
  flags.add("length-penalty", o.length_penalty, "alpha of ((5+|Y|)/6)^alpha");
  flags.add("coverage-penalty", o.coverage_penalty, "beta of the coverage penalty");
  flags.add("length-convention", o.length_convention, "what |Y| counts")
      .choices({"with_eos", "without_eos", "with_sos_and_eos"});
  flags.add("min-length", o.min_length, "attention: generated tokens with the end token");
  flags.add("max-length", o.max_length, "attention: generated tokens with the end token");
  flags.add("include-unfinished", o.include_unfinished, "rank hypotheses cut at max-length too");
  flags.group("Language model and biasing");
  flags.add("lm", o.lm, "n-gram file (ARPA or compact) or trained NEST_LM (.pt)");
  flags.add("lm-weight", o.lm_weight, "multiplies natural logarithms");
  flags.add("lm-unit", o.lm_unit, "what the model's words are").choices({"token", "word", "char"});
  flags.add("rescore-lm", o.rescore_lm, "language model that ranks the n-best list anew");
  flags.add("rescore-weight", o.rescore_weight, "its weight, on natural logarithms");
  flags.add("token-bonus", o.token_bonus, "added a token");
  flags.add("hotwords", o.hotwords, "phrases to favour");
  flags.add("hotword-weight", o.hotword_weight, "added a matched hotword token");
  flags.add("vocabulary", o.vocabulary, "file with the only words allowed, one a line");
  flags.group("Output");
  flags.add("confidence-temperature", o.confidence_temperature, "from a calibration run");
  flags.add("batch-size", o.batch_size, "utterances an encoder call");
}

void validate(const DecodeOptions& o) {
  validate_search(o);
  require_range("length-penalty", o.length_penalty, 0, 100);
  require_range("coverage-penalty", o.coverage_penalty, 0, 100);
  length_convention_from_name(o.length_convention);
  lm_unit_from_name(o.lm_unit);
  require_range("max-length", o.max_length, 1, 1000000);
  require_range("min-length", o.min_length, 0, o.max_length);
  require_range("lm-weight", o.lm_weight, 0, 1000);
  require_range("rescore-weight", o.rescore_weight, 0, 1000);
  require(o.rescore_lm.empty() || o.nbest > 1, ErrorCode::kInvalidArgument,
          "rescore-lm ranks an n-best list, but nbest is {}; give --nbest 10 or so", o.nbest);
  require(o.rescore_lm.empty() || o.coverage_penalty == 0, ErrorCode::kInvalidArgument,
          "rescore-lm has no coverage penalty; coverage-penalty is {}", o.coverage_penalty);
  require_range("token-bonus", o.token_bonus, -1000, 1000);
  require_range("hotword-weight", o.hotword_weight, 0, 1000);
  require_range("confidence-temperature", o.confidence_temperature, 1e-3, 1e3);
  require_range("batch-size", o.batch_size, 1, 100000);
  const bool guided =
      !o.lm.empty() || !o.hotwords.empty() || !o.vocabulary.empty() || !o.banned_tokens.empty();
  require(o.beam_size > 1 || !guided, ErrorCode::kInvalidArgument,
          "a language model, hotwords, a vocabulary or banned tokens need a beam of at least 2; "
          "beam is {}",
          o.beam_size);
}

Json to_json(const DecodeOptions& o) {
  Json json;
  json["beam"] = o.beam_size;
  json["nbest"] = o.nbest;
  json["temperature"] = o.temperature;
  json["token_beam"] = o.token_beam;
  json["token_threshold"] = o.token_threshold;
  json["score_threshold"] = o.score_threshold;
  json["blank_skip"] = o.blank_skip;
  json["max_symbols"] = o.max_symbols;
  json["length_penalty"] = o.length_penalty;
  json["coverage_penalty"] = o.coverage_penalty;
  json["length_convention"] = o.length_convention;
  json["min_length"] = o.min_length;
  json["max_length"] = o.max_length;
  json["include_unfinished"] = o.include_unfinished;
  json["lm"] = o.lm;
  json["lm_weight"] = o.lm_weight;
  json["lm_unit"] = o.lm_unit;
  json["rescore_lm"] = o.rescore_lm;
  json["rescore_weight"] = o.rescore_weight;
  json["token_bonus"] = o.token_bonus;
  json["hotwords"] = o.hotwords;
  json["hotword_weight"] = o.hotword_weight;
  json["vocabulary"] = o.vocabulary;
  json["banned_tokens"] = o.banned_tokens;
  json["confidence_temperature"] = o.confidence_temperature;
  json["batch_size"] = o.batch_size;
  return json;
}

bool is_neural_lm(std::string_view path) {
  return path.ends_with(".pt") || path.ends_with(".safetensors");
}

double length_penalty(double length, double alpha) {
  return alpha == 0 ? 1.0 : std::pow((5.0 + length) / 6.0, alpha);
}

}  // namespace nest::decode
