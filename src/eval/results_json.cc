#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json_number.h"
#include "nest/core/options.h"
#include "nest/eval/shard.h"
#include "nest/eval/summary.h"

namespace nest::eval {
namespace {

Json counts_json(const text::EditCounts& c) {
  return {c.substitutions, c.deletions, c.insertions, c.hits};
}

text::EditCounts counts_from_json(const Json& json) {
  text::EditCounts counts;
  counts.substitutions = json.at(0).get<std::int64_t>();
  counts.deletions = json.at(1).get<std::int64_t>();
  counts.insertions = json.at(2).get<std::int64_t>();
  counts.hits = json.at(3).get<std::int64_t>();
  return counts;
}

Json bleu_json(const text::BleuStats& stats) {
  return {{"lengths", {stats.hypothesis_length, stats.reference_length}},
          {"matches", stats.matches},
          {"totals", stats.totals}};
}

text::BleuStats bleu_from_json(const Json& json) {
  text::BleuStats stats;
  stats.hypothesis_length = json.at("lengths").at(0).get<std::int64_t>();
  stats.reference_length = json.at("lengths").at(1).get<std::int64_t>();
  json.at("matches").get_to(stats.matches);
  json.at("totals").get_to(stats.totals);
  return stats;
}

Json token_json(const TokenResult& token) {
  Json json{{"text", token.text},
            {"start_s", token.start_s},
            {"end_s", token.end_s},
            {"confidence", token.confidence}};
  if (token.correct >= 0) json["correct"] = token.correct == 1;
  return json;
}

TokenResult token_from_json(const Json& json) {
  TokenResult token;
  json.at("text").get_to(token.text);
  json.at("start_s").get_to(token.start_s);
  json.at("end_s").get_to(token.end_s);
  json.at("confidence").get_to(token.confidence);
  if (json.contains("correct")) token.correct = json.at("correct").get<bool>() ? 1 : 0;
  return token;
}

Json utterance_json(const UtteranceResult& u) {
  Json json;
  json["position"] = u.position;
  json["id"] = u.id;
  json["subject"] = u.subject;
  json["session"] = u.session;
  json["reference"] = u.reference;
  json["hypothesis"] = u.hypothesis;
  if (u.is_background) json["background"] = true;
  json["words"] = counts_json(u.score.words);
  json["characters"] = counts_json(u.score.characters);
  json["bleu"] = bleu_json(u.score.bleu);
  json["sacrebleu"] = bleu_json(u.score.sacrebleu);
  json["exact"] = u.score.exact;
  json["nbest"] = u.nbest;
  json["oracle_words"] = counts_json(u.oracle_words);
  json["oracle_characters"] = counts_json(u.oracle_characters);
  json["score"] = u.hypothesis_score;
  json["tokens"] = Json::array();
  for (const TokenResult& token : u.tokens) json["tokens"].push_back(token_json(token));
  json["signal_s"] = u.signal_s;
  json["load_ms"] = u.load_ms;
  json["encode_ms"] = u.encode_ms;
  json["decode_ms"] = u.decode_ms;
  return json;
}

UtteranceResult utterance_from_json(const Json& json) {
  UtteranceResult u;
  json.at("position").get_to(u.position);
  json.at("id").get_to(u.id);
  json.at("subject").get_to(u.subject);
  json.at("session").get_to(u.session);
  json.at("reference").get_to(u.reference);
  json.at("hypothesis").get_to(u.hypothesis);
  u.score.words = counts_from_json(json.at("words"));
  u.score.characters = counts_from_json(json.at("characters"));
  u.score.bleu = bleu_from_json(json.at("bleu"));
  u.score.sacrebleu = bleu_from_json(json.at("sacrebleu"));
  json.at("exact").get_to(u.score.exact);
  json.at("nbest").get_to(u.nbest);
  u.is_background = json.value("background", false);
  u.oracle_words = counts_from_json(json.at("oracle_words"));
  u.oracle_characters = counts_from_json(json.at("oracle_characters"));
  if (json.at("score").is_number()) json.at("score").get_to(u.hypothesis_score);
  for (const Json& token : json.at("tokens")) u.tokens.push_back(token_from_json(token));
  json.at("signal_s").get_to(u.signal_s);
  json.at("load_ms").get_to(u.load_ms);
  json.at("encode_ms").get_to(u.encode_ms);
  json.at("decode_ms").get_to(u.decode_ms);
  return u;
}

Environment environment_from_json(const Json& json) {
  return {json.at("cores").get<int>(), json.at("isa").get<std::string>(),
          json.at("compiler").get<std::string>()};
}

Json streamed_json(const StreamedFigures& s) {
  return {{"recordings", s.recordings},
          {"signal_s", s.signal_s},
          {"background_s", s.background_s},
          {"background_characters", s.background_characters},
          {"background_characters_per_minute", s.characters_per_minute()},
          {"delays_s", s.delays_s},
          {"revisions", s.revisions},
          {"pipeline", s.pipeline}};
}

StreamedFigures streamed_from_json(const Json& json) {
  return {.recordings = json.at("recordings").get<std::size_t>(),
          .signal_s = json.at("signal_s").get<double>(),
          .background_s = json.at("background_s").get<double>(),
          .background_characters = json.at("background_characters").get<std::int64_t>(),
          .delays_s = json.at("delays_s").get<std::vector<double>>(),
          .revisions = json.at("revisions").get<std::int64_t>(),
          .pipeline = json.at("pipeline").get<std::string>()};
}

}  // namespace

Json to_json(const Environment& environment) {
  return {
      {"cores", environment.cores}, {"isa", environment.isa}, {"compiler", environment.compiler}};
}

Json to_json(const Results& results, const Summary& summary) {
  Json json;
  json["schema"] = kResultsSchema;
  json["model"] = results.model;
  json["dataset"] = to_json(results.dataset);
  json["options"] = nest::to_json(results.options);
  json["environment"] = to_json(results.environment);
  json["parts"] = results.parts;
  if (results.shard.count > 1) json["shard"] = to_string(results.shard);
  json["wall_s"] = results.wall_s;
  json["memory"] = {{"weight_bytes", results.memory.weight_bytes},
                    {"process_peak_bytes", results.memory.process_peak_bytes}};
  if (results.streamed) json["streamed"] = streamed_json(*results.streamed);
  json["summary"] = to_json(summary);
  const text::CorpusScore& metrics = summary.metrics;
  json["wer"] = number_or_null(metrics.wer());
  json["cer"] = number_or_null(metrics.cer());
  json["bleu"] = text::bleu_score(metrics.bleu, bleu_options(summary.scoring)).fraction;
  json["failures"] = Json::array();
  for (const Failure& failure : results.failures) json["failures"].push_back(to_json(failure));
  json["utterances"] = Json::array();
  for (const UtteranceResult& u : results.utterances) {
    json["utterances"].push_back(utterance_json(u));
  }
  return json;
}

Results results_from_json(const Json& json) {
  const std::string schema = json.is_object() ? json.value("schema", "") : "";
  require(schema == kResultsSchema, ErrorCode::kDataCorrupt,
          "not a results file of nest benchmark: schema is '{}', expected '{}'", schema,
          kResultsSchema);
  try {
    Results results;
    results.model = json.at("model");
    results.dataset = set_info_from_json(json.at("dataset"));
    results.options = options_from_json<EvalOptions>(json.at("options"), "options");
    results.environment = environment_from_json(json.at("environment"));
    json.at("parts").get_to(results.parts);
    results.shard = shard_from_name(json.value("shard", "1/1"));
    json.at("wall_s").get_to(results.wall_s);
    if (json.contains("memory")) {
      json.at("memory").at("weight_bytes").get_to(results.memory.weight_bytes);
      json.at("memory").at("process_peak_bytes").get_to(results.memory.process_peak_bytes);
    }
    if (json.contains("streamed")) results.streamed = streamed_from_json(json.at("streamed"));
    for (const Json& f : json.at("failures")) results.failures.push_back(failure_from_json(f));
    for (const Json& u : json.at("utterances")) {
      results.utterances.push_back(utterance_from_json(u));
    }
    return results;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "broken results file: {}", error.what());
  }
}

Results load_results(const std::string& path) {
  Json json;
  try {
    json = load_json(path);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kDataCorrupt) throw;
    fail(ErrorCode::kDataCorrupt, "{}: not a results file of nest benchmark: {}", path,
         error.message());
  }
  return with_context(path, [&] { return results_from_json(json); });
}

}  // namespace nest::eval
