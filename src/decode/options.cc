#include "nest/decode/options.h"

#include <cmath>

#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest::decode {

EnumTable enum_table(LengthConvention /*of*/) {
  static constexpr EnumName kNames[] = {{LengthConvention::kWithEos, "with_eos"},
                                        {LengthConvention::kWithoutEos, "without_eos"},
                                        {LengthConvention::kWithSosAndEos, "with_sos_and_eos"}};
  return {"length convention", kNames};
}

EnumTable enum_table(LmUnit /*of*/) {
  static constexpr EnumName kNames[] = {
      {LmUnit::kToken, "token"}, {LmUnit::kWord, "word"}, {LmUnit::kChar, "char"}};
  return {"unit of a language model", kNames};
}

namespace {

void visit_search(FieldVisitor& visitor, DecodeOptions& o) {
  visitor.group("Search");
  visitor.field("beam_size", o.beam_size, "hypotheses kept; 1 is greedy", between(1, 100000),
                {.flag = "beam,beam-size"});
  visitor.field("nbest", o.nbest, "hypotheses returned an utterance", between(1, 200000));
  visitor.field("temperature", o.temperature, "divides the model's log-probabilities",
                between(1e-3, 1e3));
  visitor.field("token_beam", o.token_beam, "new tokens tried a step, 0 for all", between(0, 1e9));
  visitor.field("token_threshold", o.token_threshold, "nats below the best token, 0 for no limit",
                between(0, 1e9));
  visitor.field("score_threshold", o.score_threshold,
                "nats below the best hypothesis, 0 for no limit", between(0, 1e9));
  visitor.field("blank_skip", o.blank_skip, "CTC: P(blank) above which a frame starts no token",
                between(0, 1));
  visitor.field("min_probability", o.min_probability,
                "CTC greedy: a frame whose token is less likely is silent", between(0, 1));
  visitor.field("max_symbols", o.max_symbols, "RNN-T: tokens a frame", between(1, 1000));
}

void visit_ranking(FieldVisitor& visitor, DecodeOptions& o) {
  visitor.group("Ranking");
  visitor.field("length_penalty", o.length_penalty, "alpha of ((5+|Y|)/6)^alpha", between(0, 100));
  visitor.field("coverage_penalty", o.coverage_penalty, "beta of the coverage penalty",
                between(0, 100));
  visitor.field("length_convention", o.length_convention, "what |Y| counts");
  visitor.field("min_length", o.min_length, "attention: generated tokens with the end token",
                between(0, 1000000));
  visitor.field("max_length", o.max_length, "attention: generated tokens with the end token",
                between(1, 1000000));
  visitor.field("include_unfinished", o.include_unfinished,
                "rank hypotheses cut at the largest length too");
}

void visit_knowledge(FieldVisitor& visitor, DecodeOptions& o) {
  visitor.group("Language model and biasing");
  visitor.field("lm", o.lm, "n-gram file (ARPA or compact) or trained NEST_LM (.pt)");
  visitor.field("lm_weight", o.lm_weight, "multiplies natural logarithms", between(0, 1000));
  visitor.field("lm_unit", o.lm_unit, "what the model's words are");
  visitor.field("rescore_lm", o.rescore_lm, "language model that ranks the n-best list anew");
  visitor.field("rescore_weight", o.rescore_weight, "its weight, on natural logarithms",
                between(0, 1000));
  visitor.field("token_bonus", o.token_bonus, "added a token", between(-1000, 1000));
  visitor.field("hotwords", o.hotwords, "phrases to favour");
  visitor.field("hotword_weight", o.hotword_weight, "added a matched hotword token",
                between(0, 1000));
  visitor.field("vocabulary", o.vocabulary, "file with the only words allowed, one a line");
  visitor.field("banned_tokens", o.banned_tokens, "ids never written", at_least(0), kNoFlag);
}

}  // namespace

void visit_fields(FieldVisitor& visitor, DecodeOptions& o) {
  visit_search(visitor, o);
  visit_ranking(visitor, o);
  visit_knowledge(visitor, o);
  visitor.group("Output");
  visitor.field("confidence_temperature", o.confidence_temperature, "from nest confidence",
                between(1e-3, 1e3));
  visitor.field("batch_size", o.batch_size, "utterances an encoder call", between(1, 100000));
}

void validate(const DecodeOptions& o) {
  check_fields(o);
  require_field(o.nbest <= 2 * o.beam_size, "nbest",
                "is {}; it must be from 1 to {}, twice the `beam_size`", o.nbest, 2 * o.beam_size);
  require_field(o.min_length <= o.max_length, "min_length",
                "is {}; it must be from 0 to {}, the `max_length`", o.min_length, o.max_length);
  require_field(o.rescore_lm.empty() || o.nbest > 1, "rescore_lm",
                "ranks an n-best list, but `nbest` is {}; 10 or so make sense", o.nbest);
  require_field(o.rescore_lm.empty() || o.coverage_penalty == 0, "rescore_lm",
                "has no coverage penalty; `coverage_penalty` is {}", o.coverage_penalty);
  const bool guided =
      !o.lm.empty() || !o.hotwords.empty() || !o.vocabulary.empty() || !o.banned_tokens.empty();
  require_field(o.beam_size > 1 || !guided, "beam_size",
                "is {}; a language model, hotwords, a vocabulary or banned tokens need at least 2",
                o.beam_size);
  require_field(o.beam_size == 1 || o.min_probability == 0, "min_probability",
                "is {}, which a beam has no use for; `beam_size` 1 has", o.min_probability);
}

bool is_neural_lm(std::string_view path) {
  return path.ends_with(".pt") || path.ends_with(".safetensors");
}

double length_penalty(double length, double alpha) {
  return alpha == 0 ? 1.0 : std::pow((5.0 + length) / 6.0, alpha);
}

}  // namespace nest::decode
