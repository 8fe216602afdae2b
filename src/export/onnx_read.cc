#include "onnx_read.h"

#include "nest/core/error.h"
#include "onnx_read_tensor.h"
#include "proto_reader.h"

namespace nest::exports {
namespace {

using Bytes = std::span<const std::byte>;

constexpr int kDeepest = 8;  ///< graphs within graphs

OnnxGraph read_graph(Bytes bytes, int depth);

OnnxAttribute read_attribute(Bytes bytes, int depth) {
  OnnxAttribute attribute;
  std::vector<float> floats;
  std::vector<std::int64_t> ints;
  std::vector<std::string> strings;
  bool has_floats = false, has_ints = false, has_strings = false;
  for (ProtoReader m(bytes); m.next();) {
    switch (m.field()) {
      case 1:
        attribute.name = m.text();
        break;
      case 2:
        attribute.value = m.number();
        break;
      case 3:
        attribute.value = m.integer();
        break;
      case 4:
        attribute.value = std::string(m.text());
        break;
      case 5:
        attribute.value = read_tensor(m.bytes()).values;
        break;
      case 6:
        attribute.value = std::make_shared<OnnxGraph>(read_graph(m.bytes(), depth + 1));
        break;
      case 7:
        has_floats = true;
        m.each_fixed<float>([&](float x) { floats.push_back(x); });
        break;
      case 8:
        has_ints = true;
        m.each_integer([&](std::int64_t x) { ints.push_back(x); });
        break;
      case 9:
        has_strings = true;
        strings.emplace_back(m.text());
        break;
      case 20: {  // an empty list has its type alone
        const std::int64_t type = m.integer();
        has_floats = has_floats || type == 6;
        has_ints = has_ints || type == 7;
        has_strings = has_strings || type == 8;
        break;
      }
      default:
        break;
    }
  }
  if (has_floats) attribute.value = std::move(floats);
  if (has_ints) attribute.value = std::move(ints);
  if (has_strings) attribute.value = std::move(strings);
  return attribute;
}

OnnxNode read_node(Bytes bytes, int depth) {
  OnnxNode node;
  for (ProtoReader m(bytes); m.next();) {
    switch (m.field()) {
      case 1:
        node.inputs.emplace_back(m.text());
        break;
      case 2:
        node.outputs.emplace_back(m.text());
        break;
      case 3:
        node.name = m.text();
        break;
      case 4:
        node.op = m.text();
        break;
      case 5:
        node.attributes.push_back(read_attribute(m.bytes(), depth));
        break;
      case 7:
        node.domain = m.text();
        break;
      default:
        break;
    }
  }
  if (node.domain == "ai.onnx") node.domain.clear();
  return node;
}

OnnxDim read_dim(Bytes bytes) {
  OnnxDim dim = std::string();
  for (ProtoReader m(bytes); m.next();) {
    if (m.field() == 1) dim = m.integer();
    if (m.field() == 2) dim = std::string(m.text());
  }
  return dim;
}

void read_tensor_type(Bytes bytes, OnnxValue& value) {
  for (ProtoReader m(bytes); m.next();) {
    if (m.field() == 1) value.dtype = dtype_of_onnx(m.integer());
    if (m.field() != 2) continue;
    for (ProtoReader shape(m.bytes()); shape.next();) {
      if (shape.field() == 1) value.shape.push_back(read_dim(shape.bytes()));
    }
  }
}

OnnxValue read_value(Bytes bytes) {
  OnnxValue value;
  for (ProtoReader m(bytes); m.next();) {
    if (m.field() == 1) value.name = m.text();
    if (m.field() != 2) continue;
    bool is_tensor = false;
    for (ProtoReader type(m.bytes()); type.next();) {
      if (type.field() != 1) continue;
      is_tensor = true;
      with_context(value.name, [&] { read_tensor_type(type.bytes(), value); });
    }
    require(is_tensor, ErrorCode::kUnsupported, "'{}' is no tensor", value.name);
  }
  return value;
}

OnnxGraph read_graph(Bytes bytes, int depth) {
  require(depth < kDeepest, ErrorCode::kDataCorrupt, "graphs lie {} deep in each other", depth);
  OnnxGraph graph;
  for (ProtoReader m(bytes); m.next();) {
    switch (m.field()) {
      case 1:
        graph.nodes.push_back(read_node(m.bytes(), depth));
        break;
      case 2:
        graph.name = m.text();
        break;
      case 5:
        graph.initializers.push_back(read_tensor(m.bytes()));
        break;
      case 11:
        graph.inputs.push_back(read_value(m.bytes()));
        break;
      case 12:
        graph.outputs.push_back(read_value(m.bytes()));
        break;
      case 15:
        fail(ErrorCode::kUnsupported, "the model has sparse weights; save it with dense ones");
      default:
        break;
    }
  }
  return graph;
}

std::pair<std::string, std::string> read_entry(Bytes bytes) {
  std::pair<std::string, std::string> entry;
  for (ProtoReader m(bytes); m.next();) {
    if (m.field() == 1) entry.first = m.text();
    if (m.field() == 2) entry.second = m.text();
  }
  return entry;
}

std::pair<std::string, int> read_opset(Bytes bytes) {
  std::pair<std::string, int> opset;
  for (ProtoReader m(bytes); m.next();) {
    if (m.field() == 1) opset.first = m.text();
    if (m.field() == 2) opset.second = static_cast<int>(m.integer());
  }
  return opset;
}

}  // namespace

OnnxModel read_onnx(Bytes bytes) {
  OnnxModel model;
  bool has_graph = false;
  for (ProtoReader m(bytes); m.next();) {
    switch (m.field()) {
      case 1:
        model.ir_version = static_cast<int>(m.integer());
        break;
      case 7:
        model.graph = read_graph(m.bytes(), 0);
        has_graph = true;
        break;
      case 8:
        model.opsets.insert(read_opset(m.bytes()));
        break;
      case 14:
        model.metadata.push_back(read_entry(m.bytes()));
        break;
      case 25:
        fail(ErrorCode::kUnsupported,
             "the model has functions of its own; export it with them written out");
      default:
        break;
    }
  }
  require(has_graph, ErrorCode::kDataCorrupt, "no ONNX model: there is no graph in it");
  return model;
}

}  // namespace nest::exports
