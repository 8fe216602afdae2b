#include "nest/export/onnx_inspection.h"

#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "onnx_read.h"

namespace nest::exports {
namespace {

constexpr std::size_t kLongestShown = 200;  ///< characters of an entry that people are shown

Json ports_json(const std::vector<OnnxValue>& values) {
  Json ports = Json::array();
  for (const OnnxValue& value : values) {
    Json shape = Json::array();
    for (const OnnxDim& dim : value.shape) {
      const auto* length = std::get_if<std::int64_t>(&dim);
      shape.push_back(length != nullptr ? Json(*length) : Json(std::get<std::string>(dim)));
    }
    ports.push_back({{"name", value.name}, {"dtype", name_of(value.dtype)}, {"shape", shape}});
  }
  return ports;
}

std::string ports_text(std::string_view what, const Json& ports) {
  std::string text;
  for (const Json& port : ports) {
    text += fmt::format("  {:<4} {} {} {}\n", what, port["name"].get<std::string>(),
                        port["dtype"].get<std::string>(), port["shape"].dump());
  }
  return text;
}

}  // namespace

Json inspect_onnx(const std::filesystem::path& path) {
  const OnnxModel model =
      with_context(path.string(), [&] { return read_onnx(MappedFile::open(path)->bytes()); });
  Json json{{"kind", "onnx"}, {"file", path.string()}, {"ir_version", model.ir_version}};
  for (const auto& [domain, version] : model.opsets)
    json["opset"][domain.empty() ? "ai.onnx" : domain] = version;
  json["inputs"] = ports_json(model.graph.inputs);
  json["outputs"] = ports_json(model.graph.outputs);
  std::map<std::string, int> operators;
  for (const OnnxNode& node : model.graph.nodes) ++operators[node.op];
  json["operators"] = operators;
  std::size_t bytes = 0;
  for (const OnnxTensor& tensor : model.graph.initializers) bytes += tensor.values.nbytes();
  json["weights"] = model.graph.initializers.size();
  json["weight_bytes"] = bytes;
  json["metadata"] = Json::object();
  for (const auto& [key, value] : model.metadata) {
    const Json parsed = Json::parse(value, nullptr, false);
    json["metadata"][key] = parsed.is_discarded() ? Json(value) : parsed;
  }
  return json;
}

std::string onnx_text(const Json& json) {
  std::string text = fmt::format("ONNX model, IR {}, operator sets {}\n", json["ir_version"].dump(),
                                 json["opset"].dump());
  text += ports_text("in", json["inputs"]) + ports_text("out", json["outputs"]);
  text += fmt::format("  {} weights, {} bytes\n  operators: {}\n", json["weights"].dump(),
                      json["weight_bytes"].dump(), json["operators"].dump());
  for (const auto& [key, value] : json["metadata"].items()) {
    std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
    if (shown.size() > kLongestShown) shown = fmt::format("{} bytes", shown.size());
    text += fmt::format("  {}: {}\n", key, shown);
  }
  return text;
}

}  // namespace nest::exports
