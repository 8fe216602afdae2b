#include "nest/data/manifest.h"

#include <set>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"

namespace nest::data {
namespace {

std::string take_string(Json& rest, const char* key, bool required) {
  if (!rest.contains(key) || rest[key].is_null()) {
    require(!required, ErrorCode::kDataCorrupt, "key '{}' is missing", key);
    return "";
  }
  require(rest[key].is_string(), ErrorCode::kDataCorrupt, "{}: expected a string, found {}", key,
          rest[key].dump());
  std::string value = rest[key].get<std::string>();
  rest.erase(key);
  return value;
}

std::int64_t as_count(const Json& value, const char* key) {
  require(value.is_number_integer() && value.get<double>() >= 0 && value.get<double>() < 0x1p53,
          ErrorCode::kDataCorrupt, "{}: expected a number of samples, found {}", key, value.dump());
  return value.get<std::int64_t>();
}

std::vector<SampleRange> take_ranges(Json& rest) {
  std::vector<SampleRange> ranges;
  if (rest.contains("segments")) {
    require(!rest.contains("first_sample") && !rest.contains("num_samples"),
            ErrorCode::kDataCorrupt, "give either segments or first_sample and num_samples");
    const Json& list = rest["segments"];
    require(list.is_array() && !list.empty(), ErrorCode::kDataCorrupt,
            "segments: expected a list of [first_sample, num_samples]");
    for (const Json& pair : list) {
      require(pair.is_array() && pair.size() == 2, ErrorCode::kDataCorrupt,
              "segments: expected [first_sample, num_samples], found {}", pair.dump());
      ranges.push_back({as_count(pair[0], "segments"), as_count(pair[1], "segments")});
    }
    rest.erase("segments");
    return ranges;
  }
  SampleRange range;
  if (rest.contains("first_sample"))
    range.first_sample = as_count(rest["first_sample"], "first_sample");
  if (rest.contains("num_samples"))
    range.num_samples = as_count(rest["num_samples"], "num_samples");
  rest.erase("first_sample");
  rest.erase("num_samples");
  return {range};
}

}  // namespace

Utterance utterance_from_json(const Json& json) {
  require(json.is_object(), ErrorCode::kDataCorrupt, "expected an object, found {}", json.dump());
  Json rest = json;
  Utterance utterance;
  utterance.id = take_string(rest, "id", true);
  utterance.signal = take_string(rest, "signal", true);
  utterance.text = take_string(rest, "text", true);
  utterance.stream = take_string(rest, "stream", false);
  utterance.subject = take_string(rest, "subject", false);
  utterance.session = take_string(rest, "session", false);
  utterance.split = take_string(rest, "split", false);
  utterance.ranges = take_ranges(rest);
  utterance.extra = std::move(rest);
  return utterance;
}

Json to_json(const Utterance& utterance) {
  Json json;
  json["id"] = utterance.id;
  json["signal"] = utterance.signal;
  if (!utterance.stream.empty()) json["stream"] = utterance.stream;
  if (utterance.is_joined()) {
    json["segments"] = Json::array();
    for (const SampleRange& range : utterance.ranges) {
      json["segments"].push_back({range.first_sample, range.num_samples});
    }
  } else {
    const SampleRange& range = utterance.ranges.front();
    if (range.first_sample != 0) json["first_sample"] = range.first_sample;
    if (range.num_samples >= 0) json["num_samples"] = range.num_samples;
  }
  json["text"] = utterance.text;
  json["subject"] = utterance.subject;
  json["session"] = utterance.session;
  json["split"] = utterance.split;
  for (const auto& [key, value] : utterance.extra.items()) json[key] = value;
  return json;
}

Manifest read_manifest(const std::filesystem::path& path) {
  require(std::filesystem::exists(path), ErrorCode::kNotFound,
          "{}: no such file; a dataset folder holds manifest.jsonl", path.string());
  Manifest manifest;
  std::set<std::string> ids;
  std::size_t line = 0;
  for (const std::string& text : read_lines(path)) {
    ++line;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::string id;
    try {
      const Json json = parse_json(text, fmt::format("line {}", line));
      if (json.is_object() && json.contains("id") && json["id"].is_string()) {
        id = json["id"].get<std::string>();
      }
      Utterance utterance = utterance_from_json(json);
      if (!ids.insert(utterance.id).second) {
        manifest.problems.push_back(
            {line, id, ProblemKind::kDuplicateId, fmt::format("the id '{}' was used before", id)});
        continue;
      }
      manifest.utterances.push_back(std::move(utterance));
      manifest.lines.push_back(line);
    } catch (const Error& error) {
      manifest.problems.push_back({line, id, ProblemKind::kBadLine, error.what()});
    }
  }
  return manifest;
}

void write_manifest(const std::filesystem::path& path, const std::vector<Utterance>& utterances) {
  write_file_atomic(path, [&](std::ostream& out) {
    for (const Utterance& utterance : utterances) out << to_json(utterance).dump() << '\n';
  });
}

}  // namespace nest::data
