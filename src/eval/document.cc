#include "nest/eval/document.h"

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/eval/audit_result.h"
#include "nest/eval/results.h"
#include "nest/eval/summary.h"

namespace nest::eval {
namespace {

constexpr std::string_view kPrefix = "nest.";

/// "nest.results/1" is of kind "results".
std::string kind_of(const std::string& schema) {
  return schema.substr(kPrefix.size(), schema.find('/') - kPrefix.size());
}

std::string results_text(const Json& json) {
  const Results results = results_from_json(json);
  return model_text(results.model) + summary_text(summarize(results, results.options.summary));
}

std::string suite_text(const Json& json) {
  std::string text;
  for (const Json& run : json.at("runs")) {
    text += run.at("name").get<std::string>() + ": " + results_text(run.at("results"));
  }
  return text;
}

std::string text_of(const std::string& kind, const Json& json) {
  if (kind == "results") return results_text(json);
  if (kind == "suite") return suite_text(json);
  if (kind == "audit") return audit_text(audit_verdict_from_json(json));
  return json.dump(2) + "\n";
}

void erase_utterances(Json& json) {
  json.erase("utterances");
  for (Json& run : json["runs"]) run["results"].erase("utterances");
  if (json["runs"].is_null()) json.erase("runs");
}

}  // namespace

std::optional<Document> read_document(const std::filesystem::path& path) {
  if (path.extension() != ".json") return std::nullopt;
  Json json = load_json(path);
  if (!json.is_object() || !json.contains("schema") || !json["schema"].is_string()) {
    return std::nullopt;
  }
  const auto schema = json["schema"].get<std::string>();
  if (!schema.starts_with(kPrefix)) return std::nullopt;
  const std::string kind = kind_of(schema);
  return with_context(path.string(), [&] {
    try {
      Document document{{}, kind + "  " + text_of(kind, json)};
      erase_utterances(json);
      document.description = std::move(json);
      document.description["kind"] = kind;
      return std::optional(std::move(document));
    } catch (const Json::exception& error) {
      fail(ErrorCode::kDataCorrupt, "broken {} file: {}", kind, error.what());
    }
  });
}

}  // namespace nest::eval
