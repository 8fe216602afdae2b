#include "save_onnx.h"

#include "nest/core/file.h"
#include "nest/core/json.h"

namespace nest::exports {

namespace {

std::vector<ExportedPort> ports_of(const std::vector<OnnxValue>& values) {
  std::vector<ExportedPort> ports;
  for (const OnnxValue& value : values) {
    ExportedPort port{value.name, value.dtype, {}};
    for (const OnnxDim& dim : value.shape) {
      const auto* length = std::get_if<std::int64_t>(&dim);
      port.shape.push_back(length == nullptr ? std::get<std::string>(dim)
                                             : std::to_string(*length));
    }
    ports.push_back(std::move(port));
  }
  return ports;
}

Json to_json(const std::vector<ExportedPort>& ports) {
  Json list = Json::array();
  for (const ExportedPort& port : ports)
    list.push_back({{"name", port.name}, {"dtype", name_of(port.dtype)}, {"shape", port.shape}});
  return list;
}

}  // namespace

Json to_json(const ExportedGraph& exported) {
  return {{"file", exported.path.string()},
          {"graph", exported.graph},
          {"opset", exported.opset},
          {"ir_version", exported.ir_version},
          {"nodes", exported.nodes},
          {"file_bytes", exported.file_bytes},
          {"inputs", to_json(exported.inputs)},
          {"outputs", to_json(exported.outputs)},
          {"states", exported.states}};
}

ExportedGraph save_onnx(const std::filesystem::path& path, const OnnxModel& onnx) {
  write_file_atomic(path, [&](std::ostream& out) { write_onnx(out, onnx); });
  ExportedGraph exported{.path = path,
                         .graph = onnx.graph.name,
                         .opset = onnx.opsets.at(""),
                         .ir_version = onnx.ir_version,
                         .nodes = static_cast<std::int64_t>(onnx.graph.nodes.size()),
                         .file_bytes = 0,
                         .inputs = ports_of(onnx.graph.inputs),
                         .outputs = ports_of(onnx.graph.outputs),
                         .states = {}};
  if (std::filesystem::is_regular_file(path))
    exported.file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  return exported;
}

}  // namespace nest::exports
