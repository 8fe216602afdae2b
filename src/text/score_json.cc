#include <algorithm>

#include <fmt/format.h>

#include "nest/core/json_number.h"
#include "nest/text/score.h"

namespace nest::text {
namespace {

Json rate_json(double value, const EditCounts& counts, const char* unit) {
  Json json;
  json["value"] = number_or_null(value);
  json["percent"] = number_or_null(100 * value);
  json["errors"] = counts.errors();
  json["substitutions"] = counts.substitutions;
  json["deletions"] = counts.deletions;
  json["insertions"] = counts.insertions;
  json["hits"] = counts.hits;
  json[std::string("reference_") + unit] = counts.reference_length();
  json[std::string("hypothesis_") + unit] = counts.hypothesis_length();
  return json;
}

}  // namespace

Json to_json(const CorpusScore& score, const ScoreOptions& options) {
  Json json;
  json["utterances"] = score.utterances;
  json["empty_references"] = score.empty_references;
  json["empty_hypotheses"] = score.empty_hypotheses;
  json["wer"] = rate_json(score.wer(), score.words, "words");
  json["cer"] = rate_json(score.cer(), score.characters, "characters");
  json["bleu"] = to_json(bleu_score(score.bleu, bleu_options(options)));
  json["sacrebleu"] = to_json(bleu_score(score.sacrebleu, BleuOptions::sacrebleu()));
  json["exact_match"] = {{"value", number_or_null(score.exact_rate())}, {"count", score.exact}};
  json["utterance_mean"] = {{"wer", number_or_null(score.utterance_mean_wer)},
                            {"cer", number_or_null(score.utterance_mean_cer)},
                            {"bleu", number_or_null(score.utterance_mean_bleu)},
                            {"undefined_wer", score.undefined_wer}};
  return json;
}

Json to_json(const ScoreIntervals& intervals) {
  Json json;
  for (const Metric metric : kMetrics) {
    json[std::string(name_of(metric))] = to_json(intervals[metric]);
  }
  return json;
}

std::map<std::string, std::string> signatures(const ScoreOptions& options, std::size_t references) {
  const std::string_view norm = name_of(options.normalization);
  const std::string common = fmt::format("refs:{}|case:{}|norm:{}",
                                         references == 1 ? "1" : fmt::format("{}-best", references),
                                         options.lowercase ? "lc" : "mixed", norm);
  std::string bleu = signature(bleu_options(options), references);
  std::string sacrebleu = signature(BleuOptions::sacrebleu(), references);
  for (std::string* line : {&bleu, &sacrebleu}) {
    if (options.lowercase) line->replace(line->find("case:mixed"), 10, "case:lc");
  }
  BleuOptions sentence = bleu_options(options);
  sentence.smoothing = BleuSmoothing::kExp;
  sentence.effective_order = true;
  return {{"wer", "wer|corpus|unit:word|split:whitespace|" + common},
          {"cer", "cer|corpus|unit:codepoint|spaces:kept|" + common},
          {"bleu", fmt::format("{}|norm:{}", bleu, norm)},
          {"sacrebleu", fmt::format("{}|norm:{}", sacrebleu, norm)},
          {"exact_match", "exact_match|" + common},
          {"utterance_mean_wer", "wer|mean-of-utterances|unit:word|split:whitespace|" + common},
          {"utterance_mean_cer", "cer|mean-of-utterances|unit:codepoint|spaces:kept|" + common},
          {"utterance_mean_bleu", signature(sentence, references) + "|mean-of-utterances"}};
}

std::string format_alignment(const std::vector<std::string>& reference,
                             const std::vector<std::string>& hypothesis) {
  SymbolTable symbols;
  const auto ops = align(symbols.intern_all(reference), symbols.intern_all(hypothesis));
  std::string lines[3] = {"ref:", "hyp:", "    "};
  std::size_t i = 0;
  std::size_t j = 0;
  for (const EditOp op : ops) {
    const std::string ref = op == EditOp::kInsert ? "*" : reference[i++];
    const std::string hyp = op == EditOp::kDelete ? "*" : hypothesis[j++];
    const char* mark = op == EditOp::kHit          ? ""
                       : op == EditOp::kSubstitute ? "S"
                       : op == EditOp::kDelete     ? "D"
                                                   : "I";
    const std::size_t width = std::max(decode_utf8(ref).size(), decode_utf8(hyp).size());
    const auto append = [&](std::string& line, const std::string& cell) {
      line += ' ' + cell + std::string(width - decode_utf8(cell).size(), ' ');
    };
    append(lines[0], ref);
    append(lines[1], hyp);
    append(lines[2], mark);
  }
  for (std::string& line : lines) line.erase(line.find_last_not_of(' ') + 1);
  return lines[0] + '\n' + lines[1] + '\n' + lines[2];
}

}  // namespace nest::text
