#include "save_onnx.h"

#include "dim_names.h"
#include "nest/core/file.h"

namespace nest::exports {

namespace {

std::vector<ExportedPort> ports_of(const std::vector<OnnxValue>& values) {
  std::vector<ExportedPort> ports;
  for (const OnnxValue& value : values)
    ports.push_back({value.name, value.dtype, dim_texts(value.shape)});
  return ports;
}

}  // namespace

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
