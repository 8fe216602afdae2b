// A safetensors file inside a safetensors file, as two zlib streams.
#include "nest/io/packed_checkpoint.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/bytes.h"
#include "io/safetensors.h"
#include "nest/core/deflate.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Checkpoint packed_sample() {
  Checkpoint checkpoint;
  checkpoint.state_dict.emplace("w", Tensor::from<float>({2, 3}, {1, 2, 3, -4, 5, 6}));
  checkpoint.state_dict.emplace("codes", Tensor(DType::kU8, {300, 7}));
  checkpoint.state_dict.emplace("steps", Tensor::from<std::int64_t>({}, {9}));
  checkpoint.model_config = Json{{"model_name", "NEST_CTC"}};
  checkpoint.extra = Json{{"nest", {{"name", "m"}}}};
  return checkpoint;
}

std::string text_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.raw()), tensor.nbytes()};
}

Tensor bytes_of(const std::string& text) {
  Tensor tensor(DType::kU8, {static_cast<std::int64_t>(text.size())});
  std::memcpy(tensor.mutable_raw(), text.data(), text.size());
  return tensor;
}

std::string plain_file() {
  std::ostringstream out;
  write_safetensors(out, to_safetensors(packed_sample()));
  return out.str();
}

TEST(PackedCheckpoint, is_read_back_bit_equal_as_one_that_is_not_packed) {
  const test::TempDir dir;
  write_packed_checkpoint(dir / "packed.safetensors", packed_sample());
  write_checkpoint(dir / "plain.safetensors", packed_sample());
  const Checkpoint packed = read_checkpoint(dir / "packed.safetensors"),
                   plain = read_checkpoint(dir / "plain.safetensors");
  ASSERT_EQ(packed.state_dict.size(), plain.state_dict.size());
  for (const auto& [name, tensor] : plain.state_dict)
    EXPECT_TRUE(bit_equal(packed.state_dict.at(name), tensor)) << name;
  EXPECT_EQ(packed.model_config, plain.model_config);
  EXPECT_EQ(packed.extra, plain.extra);
  EXPECT_LT(std::filesystem::file_size(dir / "packed.safetensors"),
            std::filesystem::file_size(dir / "plain.safetensors") / 3);
}

/// What docs/convert.md tells readers of the Python world.
TEST(PackedCheckpoint, holds_two_streams_that_one_behind_the_other_are_the_file) {
  const test::TempDir dir;
  write_packed_checkpoint(dir / "m.safetensors", packed_sample());
  const Safetensors outer = read_safetensors(dir / "m.safetensors");
  ASSERT_EQ(outer.tensors.size(), 2u);
  std::string file;
  for (const char* name : {"zlib.0", "zlib.1"})
    file += inflated(text_of(outer.tensors.at(name)), 1 << 20);
  EXPECT_EQ(file, plain_file());
}

TEST(PackedCheckpoint, with_damage_or_more_than_its_header_promises_is_refused) {
  const Safetensors good = packed(to_safetensors(packed_sample()));
  const auto expect = [&](const char* name, const std::string& stream, const char* says) {
    Safetensors bad = good;
    bad.tensors[name] = bytes_of(stream);
    EXPECT_THAT([&] { unpacked(bad); }, ThrowsMessage<Error>(HasSubstr(says))) << says;
  };
  const std::string data = text_of(good.tensors.at("zlib.1"));
  expect("zlib.1", data.substr(0, data.size() / 2), "tensor 'zlib.1'");
  expect("zlib.1", "no stream", "damaged");
  expect("zlib.1", deflated(std::string(1 << 20, 'x')), "has more than");
  expect("zlib.1", deflated(""), "truncated");
  expect("zlib.0", deflated("short"), "header");
  expect("zlib.0", deflated(std::string(8, '\0') + "[1]"), "not a JSON object");
}

TEST(PackedCheckpoint, needs_both_streams_and_nothing_else) {
  Safetensors content = packed(to_safetensors(packed_sample()));
  content.tensors.emplace("w", Tensor::from<float>({1}, {1}));
  EXPECT_EQ(unpacked(content).tensors.size(), 3u);
  content.tensors.erase("w");
  content.tensors.erase("zlib.0");
  EXPECT_EQ(unpacked(content).tensors.size(), 1u);
}

TEST(PackedCheckpoint, is_a_safetensors_file) {
  const test::TempDir dir;
  EXPECT_THAT([&] { write_packed_checkpoint(dir / "m.pt", packed_sample()); },
              ThrowsMessage<Error>(HasSubstr("packed weights are a .safetensors file")));
}

}  // namespace
}  // namespace nest::io
