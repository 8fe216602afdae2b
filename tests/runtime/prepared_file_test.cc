#include <gmock/gmock.h>

#include "families.h"
#include "nest/compress/activation_statistics.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/npy.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::filesystem::path golden(const std::string& name) {
  return test::tests_dir() / "golden/prepared" / name;
}

Tensor encoded(const std::shared_ptr<const PreparedModel>& prepared) {
  NativeExecutor executor(prepared, MachineOptions{.isa = "generic"});
  return executor.run("encoder", {{"eeg_data", io::read_npy(golden("input.npy"))}})
      .at("encoder_output");
}

/// Files of earlier formats, see tests/golden/prepared/generate.py.
class GoldenFile : public testing::TestWithParam<int> {
 protected:
  static std::filesystem::path file(const std::string& extension) {
    return golden(fmt::format("version{}{}", GetParam(), extension));
  }
};

TEST_P(GoldenFile, gives_what_it_gave_then) {
  const auto prepared = PreparedModel::open(file(".prepared"));
  const graph::Quantization& quantization = prepared->model().quantization;
  EXPECT_EQ(quantization.precision, graph::Precision::kInt8);
  // Version 2 stored ten; the projections to keys and values share that to queries.
  const auto& scales = quantization.activations;
  EXPECT_EQ(scales.size(), 12u);
  EXPECT_TRUE(prepared->model().graphs.contains("encoder_step"));
  // Version 5 is int4 with a scale for every 32 weights, which is read as int8.
  const double bound = GetParam() == 5 ? 0.03 : 1e-5;
  const Tensor want = io::read_npy(file(".npy")), got = encoded(prepared);
  ASSERT_EQ(got.shape(), want.shape());
  for (std::size_t i = 0; i < static_cast<std::size_t>(want.numel()); ++i)
    ASSERT_NEAR(got.data<float>()[i], want.data<float>()[i], bound) << i;
}

TEST_P(GoldenFile, is_saved_as_the_present_one) {
  const test::TempDir dir;
  const auto old = PreparedModel::open(file(".prepared"));
  old->save(dir / "m.prepared");
  EXPECT_EQ(old->file_bytes(), std::filesystem::file_size(dir / "m.prepared"));
  const auto made = PreparedModel::open(dir / "m.prepared");
  EXPECT_EQ(made->model().quantization, old->model().quantization);
  EXPECT_TRUE(bit_equal(encoded(made), encoded(old)));
}

INSTANTIATE_TEST_SUITE_P(Versions, GoldenFile, testing::Values(2, 3, 4, 5));

TEST(PreparedFile, of_another_version_is_named) {
  const test::TempDir dir;
  std::string bytes = read_text_file(golden("version2.prepared"));
  for (const char version : {char{1}, static_cast<char>(kPreparedVersion + 1)}) {
    bytes[8] = version;
    write_text_file(dir / "m.prepared", bytes);
    try {
      PreparedModel::open(dir / "m.prepared");
      FAIL() << "version " << int{version};
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
      EXPECT_THAT(error.what(), HasSubstr(fmt::format("of version {}", int{version})));
    }
  }
}

TEST(PreparedFile, keeps_precisions_by_layer_granularity_and_scales) {
  const test::TempDir dir;
  graph::Model model = make_model(kFamilies[3]);
  model.quantization = {graph::Precision::kInt8, graph::Granularity::kPerTensor};
  model.quantization.layers["ctc_decoder"] = {graph::Precision::kFp32};
  model.quantization.activations = scales_of(make_model(kFamilies[3]));
  const auto prepared = prepare(model);
  prepared->save(dir / "m.prepared");
  const auto opened = PreparedModel::open(dir / "m.prepared");
  EXPECT_EQ(opened->model().quantization, model.quantization);
  const graph::Bindings lengths{{"B", 1}, {"T", 400}};
  opened->report("encoder", lengths, {"lengths"});  // makes what the kernels want of filters
  EXPECT_EQ(opened->report("ctc_head", lengths, {"lengths"}),
            prepared->report("ctc_head", lengths, {"lengths"}));
  EXPECT_THAT(opened->report("ctc_head", lengths, {"lengths"}), HasSubstr("linear fp32"));
}

TEST(Quantized, projections_are_one_product_only_if_their_numbers_are_alike) {
  const auto report = [](const graph::Quantization& quantization) {
    graph::Model model = make_model(kFamilies[2]);
    model.quantization = quantization;
    return prepare(model)->report("encoder", {{"B", 1}, {"T", 400}}, {"lengths"});
  };
  graph::Quantization quantization{graph::Precision::kInt8};
  const std::string joined = report(quantization);
  const auto begin = joined.find("joined ") + 7;
  ASSERT_NE(joined.find("joined "), std::string::npos) << joined;
  const std::string other = joined.substr(begin, joined.find(' ', begin) - begin);
  quantization.layers[other] = {graph::Precision::kInt4};
  EXPECT_THAT(report(quantization), Not(HasSubstr("joined " + other)));
  EXPECT_THAT(report(quantization), HasSubstr("int4"));
  quantization.layers.clear();
  quantization.activations[other] = {0.1f};
  EXPECT_THAT(report(quantization), Not(HasSubstr("joined " + other)));
}

TEST(Quantized, one_scale_a_tensor_is_coarser_than_one_a_row_and_close_to_fp32) {
  const auto error_of = [](std::optional<graph::Granularity> granularity) {
    graph::Model model = make_model(kFamilies[0]);
    const TensorMap inputs = random_inputs(model.graph("encoder"), kLengths);
    const auto run = [&] {
      return NativeExecutor(prepare(model)).run("encoder", inputs).at("encoder_output");
    };
    const Tensor want = run();
    model.quantization = {graph::Precision::kInt8, granularity};
    const Tensor got = run();
    double error = 0, power = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(want.numel()); ++i) {
      error += std::pow(static_cast<double>(got.data<float>()[i] - want.data<float>()[i]), 2);
      power += std::pow(static_cast<double>(want.data<float>()[i]), 2);
    }
    return std::sqrt(error / power);
  };
  const double per_row = error_of({}), per_tensor = error_of(graph::Granularity::kPerTensor);
  EXPECT_NE(per_row, per_tensor);
  EXPECT_LT(per_row, 0.02);
  EXPECT_LT(per_tensor, 0.04);
}

TEST(Quantized, a_layer_that_is_not_there_is_an_error_before_anything_is_packed) {
  graph::Model model = make_model(kFamilies[0]);
  model.quantization.layers["temporal_encoder.lsmt"] = {graph::Precision::kInt8};
  EXPECT_THROW(prepare(model), Error);
  model.quantization = {};
  model.quantization.activations["ctc_decoder.output_proj"] = {1};
  compress::ActivationStatistics seen;
  EXPECT_THROW(prepare(model, {}, &seen), Error);
}

}  // namespace
}  // namespace nest::runtime
