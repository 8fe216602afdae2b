#include "serve/tensors.h"

#include <array>
#include <charconv>
#include <cstring>

#include "nest/core/json_text.h"
#include "nest/core/utf8.h"

namespace nest::serve {
namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 28;
constexpr std::size_t kMostRank = 8;

struct NumberType {
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array kNumberTypes{
    NumberType{"FP32", 4},   NumberType{"FP64", 8},  NumberType{"FP16", 2},  NumberType{"INT8", 1},
    NumberType{"INT16", 2},  NumberType{"INT32", 4}, NumberType{"INT64", 8}, NumberType{"UINT8", 1},
    NumberType{"UINT16", 2}, NumberType{"UINT32", 4}};

const NumberType& type_of(const std::string& name, const std::string& datatype) {
  for (const NumberType& type : kNumberTypes)
    if (type.name == datatype) return type;
  refuse(name, fmt::format("input '{}' has datatype {}; a number type is needed: FP32, FP64, INT16",
                           name, datatype));
}

Shape shape_of(const std::string& name, const Json& input) {
  if (!input.contains("shape") || !input.at("shape").is_array())
    refuse(name, fmt::format("input '{}' has no shape", name));
  Shape shape;
  std::int64_t count = 1;
  for (const Json& dim : input.at("shape")) {
    const std::int64_t length = dim.is_number_integer() ? dim.get<std::int64_t>() : -1;
    if (length < 0 || shape.size() == kMostRank || (length > 0 && count > kMostElements / length))
      refuse(name, fmt::format("input '{}' has an impossible shape", name));
    shape.push_back(length);
    count *= length;
  }
  return shape;
}

template <class T>
void copy_as(std::span<const std::byte> bytes, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<double>(value);
  }
}

Tensor from_binary(const NumberType& type, const Shape& shape, std::span<const std::byte> bytes) {
  if (type.name == "FP32" || type.name == "FP16") {
    Tensor tensor(type.name == "FP32" ? DType::kF32 : DType::kF16, shape);
    if (!bytes.empty()) std::memcpy(tensor.mutable_raw(), bytes.data(), bytes.size());
    return tensor.to(DType::kF32);
  }
  Tensor tensor(DType::kF64, shape);
  const auto out = tensor.mutable_data<double>();
  if (type.name == "FP64") copy_as<double>(bytes, out);
  if (type.name == "INT8") copy_as<std::int8_t>(bytes, out);
  if (type.name == "INT16") copy_as<std::int16_t>(bytes, out);
  if (type.name == "INT32") copy_as<std::int32_t>(bytes, out);
  if (type.name == "INT64") copy_as<std::int64_t>(bytes, out);
  if (type.name == "UINT8") copy_as<std::uint8_t>(bytes, out);
  if (type.name == "UINT16") copy_as<std::uint16_t>(bytes, out);
  if (type.name == "UINT32") copy_as<std::uint32_t>(bytes, out);
  return tensor;
}

/// Numbers of a flat or nested list.
void flatten(const Json& json, const std::string& name, std::size_t limit, std::size_t depth,
             std::vector<double>& out) {
  if (json.is_array() && depth < kMostRank) {
    for (const Json& item : json) flatten(item, name, limit, depth + 1, out);
    return;
  }
  if (!json.is_number())
    refuse(name, fmt::format("input '{}' holds something that is no number", name));
  if (out.size() < limit + 1) out.push_back(json.get<double>());
}

Tensor from_json(const std::string& name, const Shape& shape, const Json& data) {
  const auto count = static_cast<std::size_t>(numel(shape));
  std::vector<double> values;
  flatten(data, name, count, 0, values);
  if (values.size() != count)
    refuse(name, fmt::format("input '{}' has {} values; its shape {} needs {}", name,
                             values.size() > count ? "too many" : std::to_string(values.size()),
                             to_string(shape), count));
  return Tensor::from<double>(shape, values);
}

void append_length(std::string& out, std::size_t length) {
  const auto value = static_cast<std::uint32_t>(length);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string binary_of(const InferOutput& output) {
  if (output.datatype == "FP32")
    return {reinterpret_cast<const char*>(output.numbers.data()), output.numbers.size() * 4};
  std::string bytes;
  for (const std::string& text : output.texts) {
    append_length(bytes, text.size());
    bytes += text;
  }
  return bytes;
}

}  // namespace

InferBody parse_infer_body(std::string_view body, std::string_view header_length) {
  std::size_t length = body.size();
  if (!header_length.empty()) {
    const auto [end, error] =
        std::from_chars(header_length.data(), header_length.data() + header_length.size(), length);
    if (error != std::errc() || end != header_length.data() + header_length.size() ||
        length > body.size())
      refuse("Inference-Header-Content-Length",
             fmt::format("Inference-Header-Content-Length is not within the {} bytes of the body",
                         body.size()));
  }
  InferBody parsed{Json::parse(body.substr(0, length), nullptr, false),
                   std::as_bytes(std::span(body)).subspan(length)};
  if (!parsed.json.is_object()) refuse("body", "the body is no JSON object");
  return parsed;
}

Tensor parse_input(const Json& input, std::span<const std::byte>& binary) {
  if (!input.is_object() || !input.contains("name") || !input.at("name").is_string())
    refuse("inputs", "every input needs a name");
  const std::string name = input.at("name").get<std::string>();
  const Shape shape = shape_of(name, input);
  const Json datatype = input.value("datatype", Json());
  const std::string said = datatype.is_string() ? datatype.get<std::string>() : "";
  const NumberType& type = type_of(name, said);
  const Json parameters = input.value("parameters", Json::object());
  if (parameters.is_object() && parameters.contains("binary_data_size")) {
    const Json& size = parameters.at("binary_data_size");
    const std::size_t needed = static_cast<std::size_t>(numel(shape)) * type.bytes;
    if (!size.is_number_unsigned() || size.get<std::size_t>() != needed || needed > binary.size())
      refuse(name, fmt::format("input '{}' needs {} bytes of binary data, {} are left", name,
                               needed, binary.size()));
    Tensor tensor = from_binary(type, shape, binary.subspan(0, needed));
    binary = binary.subspan(needed);
    return tensor;
  }
  if (!input.contains("data")) refuse(name, fmt::format("input '{}' has no data", name));
  return from_json(name, shape, input.at("data"));
}

std::string infer_answer(Json header, const std::vector<InferOutput>& outputs,
                         std::size_t& header_length) {
  std::string binary;
  Json list = Json::array();
  for (const InferOutput& output : outputs) {
    Json json{{"name", output.name}, {"datatype", output.datatype}, {"shape", output.shape}};
    if (output.is_binary) {
      const std::string bytes = binary_of(output);
      json["parameters"] = {{"binary_data_size", bytes.size()}};
      binary += bytes;
    } else if (output.datatype == "FP32") {
      json["data"] = output.numbers;
    } else {
      json["data"] = output.texts;
    }
    list.push_back(std::move(json));
  }
  header["outputs"] = std::move(list);
  std::string body = json_text(header);
  header_length = binary.empty() ? 0 : body.size();
  return body + binary;
}

}  // namespace nest::serve
