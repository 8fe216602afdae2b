#include <limits>
#include <span>

#include "nest/core/error.h"
#include "onnx_model.h"
#include "proto_writer.h"

namespace nest::exports {

namespace {

// Field numbers of onnx.proto3.
namespace model_field {
enum : int { kIr = 1, kProducer = 2, kGraph = 7, kOpset = 8, kMetadata = 14 };
}
namespace graph_field {
enum : int { kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12 };
}
namespace node_field {
enum : int { kInput = 1, kOutput = 2, kName = 3, kOp = 4, kAttribute = 5, kDomain = 7 };
}
namespace attribute_field {
enum : int {
  kName = 1,
  kFloat = 2,
  kInt = 3,
  kString = 4,
  kTensor = 5,
  kGraph = 6,
  kFloats = 7,
  kInts = 8,
  kStrings = 9,
  kType = 20
};
}
namespace tensor_field {
enum : int { kDims = 1, kType = 2, kName = 8, kRaw = 9 };
}

ProtoWriter graph_message(const OnnxGraph& graph);

ProtoWriter tensor_message(std::string_view name, const Tensor& values) {
  ProtoWriter message;
  for (const std::int64_t length : values.shape()) message.integer(tensor_field::kDims, length);
  message.integer(tensor_field::kType, onnx_type(values.dtype()));
  if (!name.empty()) message.text(tensor_field::kName, name);
  message.borrowed(tensor_field::kRaw,
                   {static_cast<const std::byte*>(values.raw()), values.nbytes()});
  return message;
}

/// The value's field, and the number of its type in AttributeProto.AttributeType.
struct AttributeWriter {
  ProtoWriter& message;

  int operator()(std::int64_t value) const {
    message.integer(attribute_field::kInt, value);
    return 2;
  }
  int operator()(float value) const {
    message.number(attribute_field::kFloat, value);
    return 1;
  }
  int operator()(const std::string& value) const {
    message.text(attribute_field::kString, value);
    return 3;
  }
  int operator()(const Tensor& value) const {
    message.message(attribute_field::kTensor, tensor_message("", value));
    return 4;
  }
  int operator()(const std::shared_ptr<OnnxGraph>& value) const {
    message.message(attribute_field::kGraph, graph_message(*value));
    return 5;
  }
  int operator()(const std::vector<float>& values) const {
    for (const float value : values) message.number(attribute_field::kFloats, value);
    return 6;
  }
  int operator()(const std::vector<std::int64_t>& values) const {
    for (const std::int64_t value : values) message.integer(attribute_field::kInts, value);
    return 7;
  }
  int operator()(const std::vector<std::string>& values) const {
    for (const std::string& value : values) message.text(attribute_field::kStrings, value);
    return 8;
  }
};

ProtoWriter node_message(const OnnxNode& node) {
  ProtoWriter message;
  for (const std::string& input : node.inputs) message.text(node_field::kInput, input);
  for (const std::string& output : node.outputs) message.text(node_field::kOutput, output);
  message.text(node_field::kName, node.name);
  message.text(node_field::kOp, node.op);
  for (const OnnxAttribute& attribute : node.attributes) {
    ProtoWriter inner;
    inner.text(attribute_field::kName, attribute.name);
    inner.integer(attribute_field::kType, std::visit(AttributeWriter{inner}, attribute.value));
    message.message(node_field::kAttribute, inner);
  }
  if (!node.domain.empty()) message.text(node_field::kDomain, node.domain);
  return message;
}

/// ValueInfoProto { name = 1, type = 2 { tensor_type = 1 { elem_type = 1, shape = 2 { dim = 1 {
/// dim_value = 1, dim_param = 2 } } } } }
ProtoWriter value_message(const OnnxValue& value) {
  ProtoWriter shape;
  for (const OnnxDim& dim : value.shape) {
    ProtoWriter inner;
    if (const auto* length = std::get_if<std::int64_t>(&dim)) {
      inner.integer(1, *length);
    } else {
      inner.text(2, std::get<std::string>(dim));
    }
    shape.message(1, inner);
  }
  ProtoWriter tensor;
  tensor.integer(1, onnx_type(value.dtype));
  tensor.message(2, shape);
  ProtoWriter type;
  type.message(1, tensor);
  ProtoWriter message;
  message.text(1, value.name);
  message.message(2, type);
  return message;
}

ProtoWriter graph_message(const OnnxGraph& graph) {
  ProtoWriter message;
  for (const OnnxNode& node : graph.nodes) message.message(graph_field::kNode, node_message(node));
  message.text(graph_field::kName, graph.name);
  for (const OnnxTensor& tensor : graph.initializers)
    message.message(graph_field::kInitializer, tensor_message(tensor.name, tensor.values));
  for (const OnnxValue& value : graph.inputs)
    message.message(graph_field::kInput, value_message(value));
  for (const OnnxValue& value : graph.outputs)
    message.message(graph_field::kOutput, value_message(value));
  return message;
}

}  // namespace

int onnx_type(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return 1;
    case DType::kU8:
      return 2;
    case DType::kI8:
      return 3;
    case DType::kI16:
      return 5;
    case DType::kI32:
      return 6;
    case DType::kI64:
      return 7;
    case DType::kBool:
      return 9;
    case DType::kF16:
      return 10;
    case DType::kF64:
      return 11;
    case DType::kBF16:
      return 16;
  }
  fail(ErrorCode::kUnsupported, "ONNX has no element type {}", name_of(dtype));
}

void write_onnx(std::ostream& out, const OnnxModel& model) {
  ProtoWriter message;
  message.integer(model_field::kIr, model.ir_version);
  message.text(model_field::kProducer, "nest");
  message.message(model_field::kGraph, graph_message(model.graph));
  for (const auto& [domain, version] : model.opsets) {
    ProtoWriter opset;
    opset.text(1, domain);
    opset.integer(2, version);
    message.message(model_field::kOpset, opset);
  }
  for (const auto& [key, value] : model.metadata) {
    ProtoWriter entry;
    entry.text(1, key);
    entry.text(2, value);
    message.message(model_field::kMetadata, entry);
  }
  require(message.size() <= std::numeric_limits<std::int32_t>::max(), ErrorCode::kUnsupported,
          "graph '{}' makes an ONNX file of {} bytes; protobuf ends at 2 GiB: export a smaller "
          "graph or a lower precision",
          model.graph.name, message.size());
  message.write(out);
}

}  // namespace nest::exports
