// The .safetensors file of a quantized model holds its codes.
#include "deploy/narrow_file.h"

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/deploy/model_file.h"
#include "nest/deploy/prepared_model.h"
#include "nest/graph/code_rows.h"
#include "nest/graph/cost.h"
#include "nest/graph/factory.h"
#include "nest/graph/old_code_rows.h"
#include "nest/graph/serialize.h"
#include "nest/graph/units.h"
#include "nest/io/checkpoint.h"
#include "nest/io/npy.h"
#include "nest/runtime/executor.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::deploy {
namespace {

graph::Model small_model(graph::Precision precision) {
  graph::Model model = graph::build_model(
      "nest_ctc",
      Config::parse("{n_channels: 5, spatial_cnn: {type: EEGNet, n_channels: 5, sampling_rate: 32, "
                    "n_pointwise_filters: 6}, temporal_encoder: {type: GRU, hidden_dim: 40, "
                    "bidirectional: true}, decoder: {vocab_size: 11}}",
                    "test"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  model.quantization.precision = precision;
  return model;
}

Tensor encoded(std::shared_ptr<const runtime::PreparedModel> prepared) {
  Tensor x(DType::kF32, {1, 5, 160});
  Rng rng(7);
  for (float& value : x.mutable_data<float>()) value = static_cast<float>(rng.normal());
  runtime::NativeExecutor executor(std::move(prepared), {.isa = "generic"});
  return executor.run("encoder", {{"eeg_data", x}}).at("encoder_output");
}

double largest_difference(const Tensor& a, const Tensor& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.data<float>().size(); ++i)
    most = std::max(most, static_cast<double>(std::abs(a.data<float>()[i] - b.data<float>()[i])));
  return most;
}

class NarrowFile : public ::testing::TestWithParam<graph::Precision> {};
INSTANTIATE_TEST_SUITE_P(Every, NarrowFile,
                         ::testing::Values(graph::Precision::kInt8, graph::Precision::kInt4,
                                           graph::Precision::kFp16, graph::Precision::kBf16),
                         [](const auto& item) { return std::string(name_of(item.param)); });

TEST_P(NarrowFile, runs_as_the_model_that_was_saved_packed_or_not) {
  const test::TempDir dir;
  const graph::Model model = small_model(GetParam());
  write_model(model, dir / "m.safetensors");
  write_model(model, dir / "m.prepared");
  const Tensor want = encoded(runtime::prepare(model));
  EXPECT_LE(largest_difference(encoded(load_prepared(dir / "m.safetensors")), want), 2e-5);
  EXPECT_TRUE(bit_equal(encoded(load_prepared(dir / "m.prepared")), want));
}

TEST_P(NarrowFile, has_at_most_the_bytes_that_the_model_says_and_a_small_description) {
  const test::TempDir dir;
  const graph::Model model = small_model(GetParam());
  const auto bytes = static_cast<std::int64_t>(write_model(model, dir / "m.safetensors"));
  const std::int64_t weights = graph::weight_bytes(model);
  EXPECT_LE(bytes, weights + 2000);
  EXPECT_EQ(graph::weight_bytes(load_model(dir / "m.safetensors")), weights);
}

TEST_P(NarrowFile, saved_again_holds_the_same_codes) {
  const test::TempDir dir;
  write_model(small_model(GetParam()), dir / "a.safetensors");
  write_model(load_model(dir / "a.safetensors"), dir / "b.safetensors");
  const TensorMap a = load_model(dir / "a.safetensors").weights;
  for (const auto& [name, tensor] : load_model(dir / "b.safetensors").weights) {
    if (tensor.dtype() != DType::kF32) continue;
    EXPECT_LE(largest_difference(a.at(name), tensor), 1e-6) << name;
  }
}

TEST(NarrowFile, leaves_out_positions_that_follow_from_the_graph_and_keeps_others) {
  const test::TempDir dir;
  graph::Model model = graph::build_model(
      "nest_ctc",
      Config::parse("{n_channels: 5, spatial_cnn: {type: EEGNet, n_channels: 5, sampling_rate: 32, "
                    "n_pointwise_filters: 6}, temporal_encoder: {type: Transformer, d_model: 32, "
                    "nhead: 2, num_layers: 1, dim_feedforward: 64}, decoder: {vocab_size: 11}}",
                    "test"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  model.quantization.precision = graph::Precision::kInt8;
  const std::string name = "temporal_encoder.pos_encoder.pe";
  const auto bytes = static_cast<std::int64_t>(write_model(model, dir / "m.safetensors"));
  EXPECT_FALSE(io::read_checkpoint(dir / "m.safetensors").state_dict.contains(name));
  EXPECT_LT(bytes, 4 * model.weights.at(name).numel() / 10);
  EXPECT_TRUE(
      bit_equal(load_model(dir / "m.safetensors").weights.at(name), model.weights.at(name)));
  model.weights.at(name) = model.weights.at(name).clone();
  model.weights.at(name).mutable_data<float>()[7] += 1;
  write_model(model, dir / "own.safetensors");
  EXPECT_TRUE(
      bit_equal(load_model(dir / "own.safetensors").weights.at(name), model.weights.at(name)));
}

TEST(NarrowFile, of_int4_with_a_scale_for_every_32_weights_is_read_as_int8) {
  const auto golden = test::tests_dir() / "golden/prepared";  // see generate.py there
  const graph::Model model = load_model(golden / "version5.safetensors");
  EXPECT_EQ(model.quantization.precision, graph::Precision::kInt8);
  runtime::NativeExecutor executor(runtime::prepare(model), {.isa = "generic"});
  const Tensor got = executor.run("encoder", {{"eeg_data", io::read_npy(golden / "input.npy")}})
                         .at("encoder_output");
  EXPECT_LE(largest_difference(got, io::read_npy(golden / "version5.npy")), 0.03);
}

TEST(NarrowFile, of_rows_of_a_later_version_says_so) {
  const test::TempDir dir;
  write_model(small_model(graph::Precision::kInt4), dir / "m.safetensors");
  io::Checkpoint checkpoint = io::read_checkpoint(dir / "m.safetensors");
  EXPECT_EQ(checkpoint.extra["nest"]["code_rows"], graph::kCodeRows);
  checkpoint.extra["nest"]["code_rows"] = graph::kCodeRows + 1;
  io::write_checkpoint(dir / "later.safetensors", checkpoint);
  try {
    load_model(dir / "later.safetensors");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << error.what();
  }
}

/// Their filters follow from the frequencies in the constructor arguments.
TEST(NarrowFile, leaves_out_filter_banks_unless_they_lost_a_filter) {
  const test::TempDir dir;
  graph::Model model = graph::build_model(
      "nest_ctc",
      Config::parse("{n_channels: 5, spatial_cnn: {type: FilterBank, n_channels: 5, sampling_rate: "
                    "64, frequencies_hz: [8, 12, 20], n_spatial_filters: 4}, temporal_encoder: "
                    "{type: GRU, hidden_dim: 8}, decoder: {vocab_size: 11}}",
                    "test"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  model.quantization.precision = graph::Precision::kInt4;
  const std::string name = "spatial_cnn.temporal.bank";
  write_model(model, dir / "m.safetensors");
  EXPECT_FALSE(io::read_checkpoint(dir / "m.safetensors").state_dict.contains(name));
  const Tensor bank = load_model(dir / "m.safetensors").weights.at(name);
  EXPECT_EQ(bank.shape(), model.weights.at(name).shape());
  EXPECT_LE(largest_difference(bank, model.weights.at(name)), 0.05);
  write_model(load_model(dir / "m.safetensors"), dir / "again.safetensors");
  EXPECT_FALSE(io::read_checkpoint(dir / "again.safetensors").state_dict.contains(name));
  for (const graph::UnitGroup& group : graph::unit_groups(model)) {
    if (group.name != "spatial_cnn.temporal") continue;
    graph::remove_units(model, group, {{0, 2}});
    break;
  }
  ASSERT_NE(model.weights.at(name).shape(), bank.shape());
  write_model(model, dir / "two.safetensors");
  EXPECT_TRUE(io::read_checkpoint(dir / "two.safetensors").state_dict.contains(name));
  EXPECT_EQ(load_model(dir / "two.safetensors").weights.at(name).shape(),
            model.weights.at(name).shape());
}

TEST(NarrowFile, holds_what_16_bits_say_exactly_in_16_bits) {
  const test::TempDir dir;
  graph::Model model = small_model(graph::Precision::kInt8);
  const std::string name = "ctc_decoder.output_proj.bias";
  for (float& value : model.weights.at(name).mutable_data<float>()) value = 0.375f;
  write_model(model, dir / "m.safetensors");
  const TensorMap stored = io::read_checkpoint(dir / "m.safetensors").state_dict;
  EXPECT_EQ(stored.at(name).dtype(), DType::kF16);
  EXPECT_EQ(stored.at("temporal_encoder.gru.bias_hh_l0").dtype(), DType::kF32);
  EXPECT_TRUE(
      bit_equal(load_model(dir / "m.safetensors").weights.at(name), model.weights.at(name)));
}

TEST(NarrowFile, whose_codes_have_another_size_names_the_tensor) {
  const test::TempDir dir;
  write_model(small_model(graph::Precision::kInt8), dir / "m.safetensors");
  io::Checkpoint checkpoint = io::read_checkpoint(dir / "m.safetensors");
  const std::string name = "temporal_encoder.gru.weight_hh_l0";
  ASSERT_EQ(checkpoint.state_dict.at(name).dtype(), DType::kU8);
  checkpoint.state_dict[name] = Tensor(DType::kU8, {120, 7});
  io::write_checkpoint(dir / "bad.safetensors", checkpoint);
  try {
    load_model(dir / "bad.safetensors");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
  }
}

TEST(NarrowFile, of_a_float_model_is_as_it_was) {
  const test::TempDir dir;
  graph::Model model = small_model(graph::Precision::kFp32);
  write_model(model, dir / "m.safetensors");
  EXPECT_TRUE(io::read_checkpoint(dir / "m.safetensors").extra.at("nest").is_object());
  for (const auto& [name, tensor] : load_model(dir / "m.safetensors").weights)
    EXPECT_TRUE(bit_equal(tensor, model.weights.at(name))) << name;
}

}  // namespace
}  // namespace nest::deploy
