// The bytes of an ONNX file, read back by a few lines of protobuf that share nothing with the
// writer.
#include <cstring>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/onnx_model.h"
#include "nest/core/error.h"

namespace nest::exports {
namespace {

using testing::ElementsAre;

/// A message as its fields in order; numbers are their little-endian bytes.
struct Field {
  int number = 0;
  std::uint64_t integer = 0;
  std::string bytes;
};
class Message {
 public:
  explicit Message(std::string bytes) : bytes_(std::move(bytes)) {
    while (at_ < bytes_.size()) read_field();
  }
  std::vector<Field> all(int number) const {
    std::vector<Field> found;
    for (const Field& field : fields_)
      if (field.number == number) found.push_back(field);
    return found;
  }
  std::uint64_t integer(int number) const { return all(number).at(0).integer; }
  std::string bytes(int number) const { return all(number).at(0).bytes; }
  Message message(int number, std::size_t index = 0) const {
    return Message(all(number).at(index).bytes);
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.at(at_++));
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
  }
  void read_field() {
    const std::uint64_t key = varint();
    Field field{static_cast<int>(key >> 3U), 0, {}};
    std::size_t length = 0;
    switch (key & 7U) {
      case 0:
        field.integer = varint();
        break;
      case 2:
        length = varint();
        break;
      case 5:
        length = 4;
        break;
      default:
        ADD_FAILURE() << "wire type " << (key & 7U);
    }
    field.bytes = bytes_.substr(at_, length);
    EXPECT_EQ(field.bytes.size(), length);
    at_ += length;
    fields_.push_back(std::move(field));
  }

  std::string bytes_;
  std::size_t at_ = 0;
  std::vector<Field> fields_;
};

Message written(const OnnxModel& model) {
  std::ostringstream out;
  write_onnx(out, model);
  return Message(out.str());
}

OnnxModel small_model() {
  OnnxModel model;
  model.ir_version = 9;
  model.opsets = {{"", 300}, {"com.microsoft", 1}};
  model.metadata = {{"states", "[]"}};
  OnnxGraph& graph = model.graph;
  graph.name = "g";
  graph.inputs = {{"x", DType::kF32, {OnnxDim{"batch"}, OnnxDim{std::int64_t{3}}}}};
  graph.outputs = {{"y", DType::kBool, {}}};
  graph.initializers = {{"w", Tensor::from<float>({2, 1}, std::vector<float>{1.5F, -2})},
                        {"n", Tensor::from<std::int64_t>({}, std::vector<std::int64_t>{-1})}};
  graph.nodes = {{"Op", "node", {"x", "", "w"}, {"y"}, {}, "com.microsoft"}};
  return model;
}

TEST(OnnxBytes, hold_versions_and_metadata) {
  const Message model = written(small_model());
  EXPECT_EQ(model.integer(1), 9U);
  EXPECT_EQ(model.bytes(2), "nest");
  ASSERT_EQ(model.all(8).size(), 2U);
  EXPECT_EQ(model.message(8, 0).bytes(1), "");
  EXPECT_EQ(model.message(8, 0).integer(2), 300U) << "more than one byte of a varint";
  EXPECT_EQ(model.message(8, 1).bytes(1), "com.microsoft");
  EXPECT_EQ(model.message(14).bytes(1), "states");
  EXPECT_EQ(model.message(14).bytes(2), "[]");
}

TEST(OnnxBytes, hold_nodes_with_absent_inputs) {
  const Message node = written(small_model()).message(7).message(1);
  std::vector<std::string> inputs;
  for (const Field& field : node.all(1)) inputs.push_back(field.bytes);
  EXPECT_THAT(inputs, ElementsAre("x", "", "w"));
  EXPECT_EQ(node.bytes(2), "y");
  EXPECT_EQ(node.bytes(3), "node");
  EXPECT_EQ(node.bytes(4), "Op");
  EXPECT_EQ(node.bytes(7), "com.microsoft");
}

TEST(OnnxBytes, hold_tensors_bit_for_bit) {
  const Message graph = written(small_model()).message(7);
  const Message floats = graph.message(5, 0), integer = graph.message(5, 1);
  EXPECT_EQ(floats.bytes(8), "w");
  EXPECT_EQ(floats.integer(2), 1U);
  ASSERT_EQ(floats.all(1).size(), 2U);
  EXPECT_EQ(floats.all(1)[0].integer, 2U);
  const std::string raw = floats.bytes(9);
  ASSERT_EQ(raw.size(), 8U);
  float values[2];
  std::memcpy(values, raw.data(), sizeof values);
  EXPECT_EQ(values[0], 1.5F);
  EXPECT_EQ(values[1], -2.0F);
  EXPECT_TRUE(integer.all(1).empty()) << "a scalar has no lengths";
  EXPECT_EQ(integer.bytes(9), std::string(8, '\xff'));
}

TEST(OnnxBytes, hold_shapes_of_numbers_and_names) {
  const Message graph = written(small_model()).message(7);
  const Message type = graph.message(11).message(2).message(1);
  EXPECT_EQ(graph.message(11).bytes(1), "x");
  EXPECT_EQ(type.integer(1), 1U);
  EXPECT_EQ(type.message(2).message(1, 0).bytes(2), "batch");
  EXPECT_EQ(type.message(2).message(1, 1).integer(1), 3U);
  EXPECT_EQ(graph.message(12).message(2).message(1).integer(1), 9U);
}

TEST(OnnxBytes, hold_attributes_of_every_type) {
  OnnxModel model = small_model();
  const auto body = std::make_shared<OnnxGraph>();
  body->name = "body";
  const std::vector<OnnxAttribute> attributes{
      {"i", std::int64_t{-2}},
      {"f", 0.5F},
      {"s", std::string("text")},
      {"t", Tensor::from<float>({1}, std::vector<float>{4})},
      {"g", body},
      {"floats", std::vector<float>{1, 2}},
      {"ints", std::vector<std::int64_t>{3, 4, 5}},
      {"strings", std::vector<std::string>{"a"}}};
  model.graph.nodes[0].attributes = attributes;
  const Message node = written(model).message(7).message(1);
  const auto at = [&](std::size_t index) { return node.message(5, index); };
  std::vector<std::uint64_t> types;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    EXPECT_EQ(at(i).bytes(1), attributes[i].name);
    types.push_back(at(i).integer(20));
  }
  EXPECT_THAT(types, ElementsAre(2, 1, 3, 4, 5, 6, 7, 8));
  EXPECT_EQ(static_cast<std::int64_t>(at(0).integer(3)), -2);
  EXPECT_EQ(at(1).bytes(2), std::string("\x00\x00\x00\x3f", 4));
  EXPECT_EQ(at(2).bytes(4), "text");
  EXPECT_EQ(at(3).message(5).integer(2), 1U);
  EXPECT_EQ(at(4).message(6).bytes(2), "body");
  EXPECT_EQ(at(5).all(7).size(), 2U);
  EXPECT_EQ(at(6).all(8)[2].integer, 5U);
  EXPECT_EQ(at(7).bytes(9), "a");
}

}  // namespace
}  // namespace nest::exports
