#include "onnx_read.h"

#include <array>
#include <cstring>

#include "nest/core/error.h"
#include "proto_reader.h"

namespace nest::exports {
namespace {

using Bytes = std::span<const std::byte>;

constexpr int kDeepest = 8;  ///< graphs within graphs

constexpr std::array<std::pair<int, DType>, 10> kTypes{{{1, DType::kF32},
                                                        {2, DType::kU8},
                                                        {3, DType::kI8},
                                                        {5, DType::kI16},
                                                        {6, DType::kI32},
                                                        {7, DType::kI64},
                                                        {9, DType::kBool},
                                                        {10, DType::kF16},
                                                        {11, DType::kF64},
                                                        {16, DType::kBF16}}};

DType dtype_of_onnx(std::int64_t type) {
  for (const auto& [number, dtype] : kTypes) {
    if (number == type) return dtype;
  }
  fail(ErrorCode::kUnsupported, "ONNX type {} is none that a tensor here has", type);
}

/// A tensor's values as they come, in one of several fields.
struct Values {
  Bytes raw;
  bool has_raw = false;
  std::vector<double> numbers;         ///< float_data, double_data
  std::vector<std::int64_t> integers;  ///< int32_data (also halves, bytes, bools), int64_data
};

template <class T, class From>
void fill(Tensor& tensor, const std::vector<From>& values) {
  auto out = tensor.mutable_data<T>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(values[i]);
}

/// Halves are their bits in the fields of integers.
template <class T>
void fill_bits(Tensor& tensor, const std::vector<std::int64_t>& values) {
  auto out = tensor.mutable_data<T>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i].bits = static_cast<std::uint16_t>(values[i]);
}

void fill_integers(Tensor& tensor, const std::vector<std::int64_t>& values) {
  switch (tensor.dtype()) {
    case DType::kI64:
      return fill<std::int64_t>(tensor, values);
    case DType::kI32:
      return fill<std::int32_t>(tensor, values);
    case DType::kI16:
      return fill<std::int16_t>(tensor, values);
    case DType::kI8:
      return fill<std::int8_t>(tensor, values);
    case DType::kU8:
      return fill<std::uint8_t>(tensor, values);
    case DType::kBool:
      return fill<bool>(tensor, values);
    case DType::kF16:
      return fill_bits<Half>(tensor, values);
    case DType::kBF16:
      return fill_bits<BFloat16>(tensor, values);
    case DType::kF32:
    case DType::kF64:
      break;
  }
  fail(ErrorCode::kDataCorrupt, "floating-point values stand in a field of integers");
}

/// Errors: DataCorrupt if there are more than 2^62.
std::size_t elements_of(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t length : shape) {
    require(!__builtin_mul_overflow(count, length, &count), ErrorCode::kDataCorrupt,
            "shape {} has more elements than any file", to_string(shape));
  }
  return static_cast<std::size_t>(count);
}

Tensor make_tensor(DType dtype, const Shape& shape, const Values& values) {
  const std::size_t count = elements_of(shape);
  const bool is_float = dtype == DType::kF32 || dtype == DType::kF64;
  const std::size_t there = values.has_raw ? values.raw.size() / size_of(dtype)
                            : is_float     ? values.numbers.size()
                                           : values.integers.size();
  require(there == count && (!values.has_raw || values.raw.size() % size_of(dtype) == 0),
          ErrorCode::kDataCorrupt, "shape {} has {} values, {} are there", to_string(shape), count,
          there);
  Tensor tensor(dtype, shape);
  if (values.has_raw) {
    if (!values.raw.empty())
      std::memcpy(tensor.mutable_raw(), values.raw.data(), values.raw.size());
  } else if (dtype == DType::kF32) {
    fill<float>(tensor, values.numbers);
  } else if (dtype == DType::kF64) {
    fill<double>(tensor, values.numbers);
  } else {
    fill_integers(tensor, values.integers);
  }
  return tensor;
}

OnnxTensor read_tensor(Bytes bytes) {
  OnnxTensor tensor;
  Shape shape;
  Values values;
  std::int64_t type = 0;
  const auto integer = [&](std::int64_t x) { values.integers.push_back(x); };
  const auto number = [&](double x) { values.numbers.push_back(x); };
  for (ProtoReader m(bytes); m.next();) {
    switch (m.field()) {
      case 1:
        m.each_integer([&](std::int64_t length) {
          require(length >= 0, ErrorCode::kDataCorrupt, "an axis has length {}", length);
          shape.push_back(length);
        });
        break;
      case 2:
        type = m.integer();
        break;
      case 4:
        m.each_fixed<float>(number);
        break;
      case 5:
      case 7:
        m.each_integer(integer);
        break;
      case 8:
        tensor.name = m.text();
        break;
      case 9:
        values.raw = m.bytes();
        values.has_raw = true;
        break;
      case 10:
        m.each_fixed<double>(number);
        break;
      case 13:
        fail(ErrorCode::kUnsupported,
             "tensor '{}' lies in another file; save the model with its weights inside",
             tensor.name);
      default:
        break;
    }
  }
  with_context(tensor.name,
               [&] { tensor.values = make_tensor(dtype_of_onnx(type), shape, values); });
  return tensor;
}

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
