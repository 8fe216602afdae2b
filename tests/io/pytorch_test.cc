#include "io/pytorch.h"

#include <sstream>

#include <gtest/gtest.h>

#include "io/bytes.h"
#include "io/safetensors.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/npy.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

const std::filesystem::path kGolden = test::tests_dir() / "golden/weights";

Checkpoint sample() {
  Checkpoint checkpoint;
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kF16, DType::kBF16, DType::kI8,
                            DType::kU8, DType::kI16, DType::kI32, DType::kI64, DType::kBool}) {
    Tensor tensor(dtype, {2, 3});
    auto* bytes = static_cast<std::uint8_t*>(tensor.mutable_raw());
    for (std::size_t i = 0; i < tensor.nbytes(); ++i) bytes[i] = i % 2 == 1;
    checkpoint.state_dict["part." + std::string(name_of(dtype))] = tensor;
  }
  checkpoint.state_dict["scalar"] = Tensor::from<std::int64_t>({}, {7});
  checkpoint.state_dict["empty"] = Tensor(DType::kF32, {0, 4});
  checkpoint.model_config = Json::parse(
      R"({"model_name":"NEST_CTC","decoder":{"vocab_size":20,"dropout":0.25,"names":["a","ä"]}})");
  checkpoint.extra = Json::parse(R"({"epoch":3,"big":-5000000000,"done":true,"none":null})");
  checkpoint.extra_tensors["step"] = Tensor::from<float>({1}, {0.5f});
  return checkpoint;
}

void expect_same(const Checkpoint& a, const Checkpoint& b) {
  ASSERT_EQ(a.state_dict.size(), b.state_dict.size());
  for (const auto& [name, tensor] : a.state_dict) {
    EXPECT_TRUE(b.state_dict.contains(name) && bit_equal(tensor, b.state_dict.at(name))) << name;
  }
  ASSERT_EQ(a.extra_tensors.size(), b.extra_tensors.size());
  for (const auto& [name, tensor] : a.extra_tensors) {
    EXPECT_TRUE(bit_equal(tensor, b.extra_tensors.at(name))) << name;
  }
  EXPECT_EQ(a.model_config, b.model_config);
  EXPECT_EQ(nlohmann::json(a.extra), nlohmann::json(b.extra));
}

TEST(Pytorch, what_is_written_is_read_back_bit_equal) {
  const test::TempDir dir;
  write_pytorch(dir / "a.pt", sample());
  expect_same(sample(), read_pytorch(dir / "a.pt"));
}

TEST(Pytorch, pt_to_safetensors_to_pt_gives_the_same_bytes) {
  const test::TempDir dir;
  write_checkpoint(dir / "a.pt", sample());
  write_checkpoint(dir / "b.safetensors", read_checkpoint(dir / "a.pt"));
  const Checkpoint back = read_checkpoint(dir / "b.safetensors");
  expect_same(sample(), back);
  Checkpoint ordered = back;
  ordered.extra = sample().extra;  // metadata is kept in name order
  write_checkpoint(dir / "c.pt", ordered);
  EXPECT_EQ(read_text_file(dir / "a.pt"), read_text_file(dir / "c.pt"));
}

TEST(Pytorch, tensors_of_a_mapped_file_are_not_copied) {
  std::ostringstream out;
  write_pytorch(out, sample());
  const auto owner = std::make_shared<std::string>(out.str());
  const Checkpoint checkpoint = parse_pytorch(as_bytes(*owner), owner);
  const auto* data = static_cast<const char*>(checkpoint.state_dict.at("part.float32").raw());
  EXPECT_GE(data, owner->data());
  EXPECT_LT(data, owner->data() + owner->size());
}

TEST(Pytorch, a_changed_byte_of_a_tensor_is_found) {
  std::ostringstream out;
  write_pytorch(out, sample());
  const auto owner = std::make_shared<std::string>(out.str());
  const Checkpoint checkpoint = parse_pytorch(as_bytes(*owner), owner);
  const auto* data = static_cast<const char*>(checkpoint.state_dict.at("part.int32").raw());
  (*owner)[static_cast<std::size_t>(data - owner->data())] ^= 1;
  EXPECT_THROW(parse_pytorch(as_bytes(*owner), owner), Error);
  EXPECT_NO_THROW(parse_pytorch(as_bytes(*owner), owner, {.verify_checksums = false}));
}

TEST(Pytorch, every_truncation_is_refused) {
  std::ostringstream out;
  write_pytorch(out, sample());
  const std::string bytes = out.str();
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_THROW(parse_pytorch(as_bytes(std::string_view(bytes).substr(0, size)), nullptr), Error);
  }
}

TEST(Pytorch, an_extra_entry_cannot_hide_the_state_dict) {
  Checkpoint checkpoint = sample();
  checkpoint.extra["model_state_dict"] = 1;
  std::ostringstream out;
  EXPECT_THROW(write_pytorch(out, checkpoint), Error);
}

/// Files of Python's torch.save, one per protocol, with what they hold as .npy beside them.
class PythonFile : public testing::TestWithParam<std::string> {};

TEST_P(PythonFile, agrees_with_what_python_saved) {
  const Checkpoint checkpoint = read_pytorch(kGolden / (GetParam() + ".pt"));
  const TensorMap expected = read_npz(kGolden / "expected.npz");
  ASSERT_EQ(checkpoint.state_dict.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    const Tensor& read = checkpoint.state_dict.at(name);
    EXPECT_TRUE(bit_equal(read.dtype() == DType::kBF16 ? read.to(DType::kF32) : read, tensor))
        << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, PythonFile,
                         testing::Values("protocol2", "protocol3", "protocol4", "protocol5", "bare",
                                         "legacy_key", "deflated"));

TEST(Pytorch, nested_config_values_arrive_as_json) {
  const Checkpoint checkpoint = read_pytorch(kGolden / "protocol2.pt");
  EXPECT_EQ(checkpoint.model_config, load_json(kGolden / "expected_config.json"));
  EXPECT_EQ(checkpoint.extra["epoch"], 12);
  EXPECT_EQ(checkpoint.extra["optimizer_state_dict"]["state"]["0"]["exp_avg"],
            "tensor float32 [2, 3]");
}

}  // namespace
}  // namespace nest::io
