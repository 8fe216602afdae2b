#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "nest/core/tensor.h"

/// What an ONNX file says, as far as this project writes it (onnx.proto3 of ONNX 1.23). An edge is
/// a name; "" in a node's inputs or outputs is an absent one.
namespace nest::exports {

struct OnnxGraph;

struct OnnxAttribute {
  using Value =
      std::variant<std::int64_t, float, std::string, Tensor, std::shared_ptr<OnnxGraph>,
                   std::vector<float>, std::vector<std::int64_t>, std::vector<std::string>>;
  std::string name;
  Value value;
};

struct OnnxNode {
  std::string op;  ///< "MatMul"
  std::string name;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<OnnxAttribute> attributes;
  std::string domain;  ///< "": ONNX itself; "com.microsoft": ONNX Runtime's own operators
};

/// A fixed length, or the name of one that differs from call to call.
using OnnxDim = std::variant<std::int64_t, std::string>;

struct OnnxValue {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<OnnxDim> shape;
};

struct OnnxTensor {
  std::string name;
  Tensor values;
};

struct OnnxGraph {
  std::string name;
  std::vector<OnnxNode> nodes;  ///< every one after those it reads from
  std::vector<OnnxTensor> initializers;
  std::vector<OnnxValue> inputs;
  std::vector<OnnxValue> outputs;
};

struct OnnxModel {
  int ir_version = 8;
  std::map<std::string, int> opsets;  ///< by domain; "" is ONNX itself
  OnnxGraph graph;
  std::vector<std::pair<std::string, std::string>> metadata;
};

/// TensorProto.DataType. Errors: Unsupported for a type that ONNX does not have.
int onnx_type(DType dtype);

/// The bytes of a .onnx file. Errors: Unsupported above 2 GiB, where protobuf ends.
void write_onnx(std::ostream& out, const OnnxModel& model);

}  // namespace nest::exports
