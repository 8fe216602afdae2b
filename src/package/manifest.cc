#include "nest/package/manifest.h"

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest::package {
namespace {

Json files_json(const std::map<std::string, FileEntry>& files) {
  Json json = Json::object();
  for (const auto& [name, entry] : files)
    json[name] = {{"sha256", entry.sha256}, {"bytes", entry.bytes}};
  return json;
}

std::map<std::string, FileEntry> files_of(const Config& config) {
  std::map<std::string, FileEntry> files;
  for (const std::string& name : config.keys()) {
    const Config entry = config.at(name);
    files[name] = {entry.at("sha256").as_string(), entry.at("bytes").as_unsigned()};
  }
  return files;
}

Json golden_json(const Manifest& manifest) {
  Json vectors = Json::array();
  for (const GoldenVector& g : manifest.golden)
    vectors.push_back({{"input", g.input},
                       {"output", g.output},
                       {"text", g.text},
                       {"onnx_output", g.onnx_output},
                       {"onnx_text", g.onnx_text}});
  return {{"tolerance", manifest.tolerance},
          {"onnx_tolerance", manifest.onnx_tolerance},
          {"vectors", std::move(vectors)}};
}

std::vector<GoldenVector> golden_of(const Config& config) {
  std::vector<GoldenVector> golden;
  for (const Config& g : config.items())
    golden.push_back({g.at("input").as_string(), g.at("output").as_string(),
                      g.at("text").as_string(), g.at("onnx_output").as_string(),
                      g.at("onnx_text").as_string()});
  return golden;
}

Json value_of(const Json& json, const char* key) {
  return json.contains(key) ? json.at(key) : Json(nullptr);
}

}  // namespace

Json to_json(const Manifest& m) {
  Json json{{"schema", kPackageSchema},
            {"name", m.name},
            {"version", m.version},
            {"description", m.description},
            {"licence", m.licence},
            {"nest_version", m.nest_version},
            {"model", m.model},
            {"signal", nest::to_json(m.signal)},
            {"onnx", m.onnx},
            {"metrics", m.metrics},
            {"streamed", m.streamed},
            {"audit", m.audit},
            {"input_statistics", m.input_statistics},
            {"golden", golden_json(m)},
            {"files", files_json(m.files)}};
  if (!m.public_key.empty()) json["public_key"] = m.public_key;
  return json;
}

Manifest manifest_from_json(const Json& json) {
  const Config config = Config::from_json(json, "manifest.json");
  const std::string schema = config.at("schema").as_string();
  require(schema == kPackageSchema, ErrorCode::kUnsupported,
          "manifest.json: schema '{}'; this version reads '{}'", schema, kPackageSchema);
  Manifest m;
  m.name = config.at("name").as_string();
  m.version = config.at("version").as_string();
  m.description = config.at("description").as_string();
  m.licence = config.at("licence").as_string();
  m.nest_version = config.at("nest_version").as_string();
  m.signal = graph::signal_contract_from_json(config.at("signal").to_json());
  m.files = files_of(config.at("files"));
  const Config golden = config.at("golden");
  m.golden = golden_of(golden.at("vectors"));
  m.tolerance = golden.at("tolerance").as_double();
  m.onnx_tolerance = golden.at("onnx_tolerance").as_double();
  m.model = value_of(json, "model");
  m.onnx = value_of(json, "onnx");
  m.metrics = value_of(json, "metrics");
  m.streamed = value_of(json, "streamed");
  m.audit = value_of(json, "audit");
  m.input_statistics = value_of(json, "input_statistics");
  m.public_key = config.get_string("public_key", "");
  return m;
}

}  // namespace nest::package
