#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/data/dataset.h"

namespace nest::data {

constexpr std::int64_t kVersion = 1;

Json to_json(const DatasetInfo& info) {
  Json json;
  json["format"] = "nest-dataset";
  json["version"] = kVersion;
  json["name"] = info.name;
  json["description"] = info.description;
  json["signal"] = nest::to_json(info.signal);
  if (info.text_rule != text::TextRule{}) json["text_rule"] = nest::to_json(info.text_rule);
  if (info.file_gain != 1 || info.file_offset != 0) {
    json["file_scale"] = {{"gain", info.file_gain}, {"offset", info.file_offset}};
  }
  if (info.file_rate_hz > 0) json["file_rate_hz"] = info.file_rate_hz;
  if (info.resample) json["resample"] = true;
  json["normalization_fit"] = info.normalization_fit;
  return json;
}

DatasetInfo dataset_info_from_json(const Json& json) {
  const Config config = Config::from_json(json, "dataset.json");
  const std::int64_t version = config.get_int("version", kVersion);
  require(version == kVersion, ErrorCode::kUnsupported,
          "dataset.json: version {} is not read by this build (it reads {})", version, kVersion);
  require(json.is_object() && json.contains("signal"), ErrorCode::kDataCorrupt,
          "dataset.json: key 'signal' (the signal contract) is missing");
  DatasetInfo info;
  info.name = config.get_string("name", "");
  info.description = config.get_string("description", "");
  info.signal = graph::signal_contract_from_json(json["signal"]);
  require(info.signal.rate_hz > 0, ErrorCode::kDataCorrupt,
          "dataset.json: signal.rate_hz must be above 0");
  require(info.signal.num_channels > 0, ErrorCode::kDataCorrupt,
          "dataset.json: signal.channels or signal.num_channels is needed");
  if (json.contains("text_rule")) {
    info.text_rule =
        with_context("dataset.json", [&] { return text::text_rule_from_json(json["text_rule"]); });
  }
  const Config scale = config.get("file_scale");
  if (scale.is_map()) {
    info.file_gain = scale.get_double("gain", 1);
    info.file_offset = scale.get_double("offset", 0);
  }
  info.file_rate_hz = config.get_double("file_rate_hz", 0);
  info.resample = config.get_bool("resample", false);
  if (json.contains("normalization_fit")) info.normalization_fit = json["normalization_fit"];
  return info;
}

}  // namespace nest::data
