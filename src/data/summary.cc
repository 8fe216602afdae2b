#include "nest/data/summary.h"

#include <algorithm>
#include <set>

#include "data/normalization.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/data/splits.h"

namespace nest::data {
namespace {

struct Part {
  std::size_t utterances = 0;
  double duration_s = 0;
  std::set<std::string> recordings, subjects, sessions, texts;

  void add(const Utterance& utterance, double seconds) {
    ++utterances;
    duration_s += seconds;
    recordings.insert(utterance.signal);
    subjects.insert(utterance.subject);
    sessions.insert(split_group(utterance, SplitBy::kSession));
    texts.insert(utterance.text);
  }
  PartSummary sums() const {
    return {utterances,      recordings.size(), subjects.size(),
            sessions.size(), texts.size(),      duration_s};
  }
};

Json to_json(const PartSummary& part) {
  return {{"utterances", part.utterances}, {"recordings", part.recordings},
          {"subjects", part.subjects},     {"sessions", part.sessions},
          {"texts", part.texts},           {"duration_s", part.duration_s}};
}

FitState fit_of(const Dataset& dataset) {
  if (dataset.info().signal.normalization != graph::Normalization::kFixed) return FitState::kNone;
  const Json& fit = dataset.info().normalization_fit;
  if (!fit.is_object() || !fit.contains("ids_sha256")) return FitState::kUnknown;
  return fit["ids_sha256"] == fit_hash(dataset, fit.value("split", "train")) ? FitState::kCurrent
                                                                             : FitState::kStale;
}

}  // namespace

EnumTable enum_table(FitState /*of*/) {
  static constexpr EnumName kNames[] = {{FitState::kNone, "none"},
                                        {FitState::kCurrent, "current"},
                                        {FitState::kStale, "stale"},
                                        {FitState::kUnknown, "unknown"}};
  return {"state of a fit", kNames};
}

DatasetSummary summarize(const Dataset& dataset) {
  Part all;
  std::map<std::string, Part> parts;
  const double rate_hz = dataset.info().signal.rate_hz;
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    const Utterance& utterance = dataset.utterance(i);
    const double seconds = static_cast<double>(dataset.num_samples(i)) / rate_hz;
    all.add(utterance, seconds);
    parts[utterance.split].add(utterance, seconds);
  }
  DatasetSummary summary;
  summary.all = all.sums();
  for (const auto& [split, part] : parts) summary.splits[split] = part.sums();
  if (parts.contains("test") && parts.contains("train")) {
    const auto& train = parts["train"].texts;
    const auto& test = parts["test"].texts;
    summary.texts_of_test_in_train = static_cast<std::size_t>(std::count_if(
        test.begin(), test.end(), [&](const std::string& text) { return train.contains(text); }));
  }
  summary.fit = fit_of(dataset);
  return summary;
}

Json to_json(const DatasetSummary& summary, const Dataset& dataset) {
  Json json = to_json(summary.all);
  json["name"] = dataset.info().name;
  json["description"] = dataset.info().description;
  json["splits"] = Json::object();
  for (const auto& [split, part] : summary.splits) json["splits"][split] = to_json(part);
  json["texts_of_test_in_train"] = summary.texts_of_test_in_train;
  json["signal"] = nest::to_json(dataset.info().signal);
  json["text_rule"] = nest::to_json(dataset.info().text_rule);
  json["fit"] = name_of(summary.fit);
  json["normalization_fit"] = dataset.info().normalization_fit;
  json["problems"] = Json::array();
  for (const Problem& problem : dataset.problems()) json["problems"].push_back(to_json(problem));
  return json;
}

}  // namespace nest::data
