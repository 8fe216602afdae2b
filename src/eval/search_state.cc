#include "eval/search_state.h"

#include <utility>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json_text.h"
#include "nest/core/processor.h"

namespace nest::eval {
namespace {

constexpr const char* kSchema = "nest.search/1";

std::filesystem::path file_in(const std::filesystem::path& folder) {
  return folder / "search.json";
}

/// The first key whose values differ.
std::string difference(const Json& a, const Json& b) {
  for (const auto& [key, value] : a.items()) {
    if (!b.contains(key) || b[key] != value) return key;
  }
  return "settings";
}

}  // namespace

SearchState::SearchState(std::filesystem::path folder, Json settings, bool resume)
    : folder_(std::move(folder)), settings_(std::move(settings)) {
  const std::filesystem::path file = file_in(folder_);
  if (!std::filesystem::exists(file)) return;
  require(resume, ErrorCode::kInvalidArgument,
          "{} holds a search; go on with it by `resume`, or choose another folder",
          folder_.string());
  const Json stored = parse_json(read_text_file(file), file.string());
  with_context(file.string(), [&] {
    try {
      require(stored.at("schema") == kSchema, ErrorCode::kDataCorrupt, "is no state of a search");
      require(stored.at("settings") == settings_, ErrorCode::kInvalidArgument,
              "this search had another '{}'; give it the same options, or choose another folder",
              difference(settings_, stored.at("settings")));
      for (const Json& entry : stored.at("models")) {
        compress::TriedModel candidate = compress::tried_model_from_json(entry);
        done_.emplace(candidate.name, std::move(candidate));
      }
    } catch (const Json::exception& error) {
      fail(ErrorCode::kDataCorrupt, "{}", error.what());
    }
  });
}

std::optional<compress::TriedModel> SearchState::find(const std::string& name) const {
  const auto found = done_.find(name);
  if (found == done_.end()) return std::nullopt;
  const std::string& file = found->second.file;
  if (!file.empty() && !std::filesystem::exists(folder_ / file)) return std::nullopt;
  return found->second;
}

void SearchState::add(const compress::TriedModel& candidate) {
  done_[candidate.name] = candidate;
  Json models = Json::array();
  for (const auto& [name, one] : done_) models.push_back(compress::to_json(one));
  const Json state = {{"schema", kSchema},
                      {"machine", processor_name()},
                      {"settings", settings_},
                      {"models", std::move(models)}};
  write_text_file(file_in(folder_), json_text(state, 1) + "\n");
}

}  // namespace nest::eval
