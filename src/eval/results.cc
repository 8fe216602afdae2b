#include "nest/eval/results.h"

#include <algorithm>
#include <set>

#include "nest/core/error.h"
#include "nest/core/isa.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"
#include "nest/eval/shard.h"

namespace nest::eval {

Environment this_environment() {
  return {available_cores(), std::string(name_of(isa_selected())), __VERSION__};
}

double StreamedFigures::characters_per_minute() const {
  if (background_s <= 0) return 0;
  return static_cast<double>(background_characters) / background_s * 60;
}

Results merge_results(std::span<const Results> parts) {
  require(!parts.empty(), ErrorCode::kInvalidArgument, "nothing to merge");
  Results all;
  all.parts = 0;
  std::set<std::size_t> positions;
  for (const Results& part : parts) {
    const Results& first = parts.front();
    require(!part.streamed, ErrorCode::kInvalidArgument,
            "results of streams are of whole recordings and cannot be merged");
    require(part.model == first.model && part.dataset == first.dataset &&
                part.options.summary.score == first.options.summary.score,
            ErrorCode::kInvalidArgument,
            "the parts are of different models, data or scoring options and cannot be merged");
    for (const UtteranceResult& u : part.utterances) {
      require(positions.insert(u.position).second, ErrorCode::kInvalidArgument,
              "utterance {} (position {}) is in two parts", u.id, u.position);
      all.utterances.push_back(u);
    }
    all.failures.insert(all.failures.end(), part.failures.begin(), part.failures.end());
    all.wall_s += part.wall_s;
    all.parts += part.parts;
    all.memory.weight_bytes = std::max(all.memory.weight_bytes, part.memory.weight_bytes);
    all.memory.process_peak_bytes =
        std::max(all.memory.process_peak_bytes, part.memory.process_peak_bytes);
  }
  std::sort(all.utterances.begin(), all.utterances.end(),
            [](const auto& a, const auto& b) { return a.position < b.position; });
  std::stable_sort(all.failures.begin(), all.failures.end(),
                   [](const Failure& a, const Failure& b) { return a.id < b.id; });
  all.model = parts.front().model;
  all.dataset = parts.front().dataset;
  all.options = parts.front().options;
  all.environment = parts.front().environment;
  return all;
}

Results merge_results_files(std::span<const std::string> paths, const SummaryOptions& asked) {
  std::vector<Results> parts;
  std::vector<Shard> shards;
  for (const std::string& path : paths)
    shards.push_back(parts.emplace_back(load_results(path)).shard);
  require_all(shards, paths);
  Results all = merge_results(parts);
  const text::ScoreOptions& scored = all.options.summary.score;
  require(asked.score == text::ScoreOptions{} || asked.score == scored, ErrorCode::kInvalidArgument,
          "the parts were scored with other options ({}) than asked for ({}); evaluate again",
          json_text(nest::to_json(scored)), json_text(nest::to_json(asked.score)));
  all.options.summary.bootstrap = asked.bootstrap;
  return all;
}

std::vector<text::UtteranceScore> scores_of(const Results& results) {
  std::vector<text::UtteranceScore> scores;
  for (const UtteranceResult& u : results.utterances) scores.push_back(u.score);
  return scores;
}

std::vector<text::TextPair> pairs_of(const Results& results) {
  std::vector<text::TextPair> pairs;
  for (const UtteranceResult& u : results.utterances)
    pairs.push_back({{u.reference}, u.hypothesis});
  return pairs;
}

EnumTable enum_table(Unit /*of*/) {
  static constexpr EnumName kNames[] = {{Unit::kUtterance, "utterance"},
                                        {Unit::kSentence, "sentence"},
                                        {Unit::kSubject, "subject"},
                                        {Unit::kSession, "session"}};
  return {"unit of resampling", kNames};
}

std::vector<std::string> units_of(const Results& results, Unit unit) {
  std::vector<std::string> names;
  for (const UtteranceResult& u : results.utterances) {
    switch (unit) {
      case Unit::kUtterance:
        names.push_back(std::to_string(u.position));
        break;
      case Unit::kSentence:
        names.push_back(u.reference);
        break;
      case Unit::kSubject:
        names.push_back(u.subject);
        break;
      case Unit::kSession:
        names.push_back(u.subject + "/" + u.session);
        break;
    }
  }
  return names;
}

}  // namespace nest::eval
