#include "nest/export/preprocessing.h"

#include <gtest/gtest.h>

#include "nest/contract/processor.h"
#include "nest/core/error.h"
#include "ort_cases.h"

namespace nest::exports {
namespace {

using graph::Normalization;
using graph::SignalContract;

SignalContract contract_of(const std::vector<double>& bandpass, double notch,
                           const std::string& reference, Normalization normalization) {
  SignalContract contract;
  contract.rate_hz = 250;
  contract.channels = {"Fp1", "Cz", "Oz", "Pz"};
  contract.num_channels = 4;
  contract.unit = "uV";
  contract.bandpass_hz = bandpass;
  contract.notch_hz = notch;
  contract.ref_electrode = reference;
  contract.normalization = normalization;
  contract.running_s = 0.5;
  if (normalization == Normalization::kFixed) {
    contract.mean = {1, -2, 30, 0};
    contract.stddev = {10, 5, 7, 0};  // a channel that is centred and not scaled
  }
  return contract;
}

/// Drifting noise of another size in each row; one row may be silent.
Tensor samples_of(std::int64_t rows, std::int64_t count, bool has_silence) {
  Rng rng(3);
  Tensor tensor(DType::kF64, {rows, count});
  const auto values = tensor.mutable_data<double>();
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t t = 0; t < count; ++t)
      values[static_cast<std::size_t>(r * count + t)] =
          has_silence && r == 2
              ? 4.0
              : 40.0 * static_cast<double>(r) + rng.normal(0, 5.0 + static_cast<double>(r));
  return tensor;
}

class PreprocessingInOnnxRuntime : public testing::Test {
 protected:
  void SetUp() override {
    // Debian has no ONNX Runtime; what is written without one is checked in the other tests here.
    if (!cases_.is_available())
      GTEST_SKIP() << "needs python3 (or NEST_ORT_PYTHON) with onnx and onnxruntime";
  }
  void add(const std::string& name, const SignalContract& contract, int opset = 17,
           std::int64_t count = 401) {
    const auto source = contract::source_of(contract);
    const Tensor samples = samples_of(
        // Filters leave rounding errors of a constant, which differ and would be scaled up.
        source.num_channels(), count, contract.bandpass_hz.empty());
    const Tensor ours = contract::prepare(samples, source, contract);
    cases_.add_file(name, 2e-5, {{"samples", samples}},
                    {{"signal", ours.reshaped({1, ours.dim(0), ours.dim(1)})}},
                    [&](const auto& path) { export_preprocessing(path, contract, opset); });
  }
  OrtCases cases_;
};

TEST_F(PreprocessingInOnnxRuntime, equals_ours_for_every_kind_of_contract) {
  for (const auto normalization :
       {Normalization::kNone, Normalization::kFixed, Normalization::kRunning,
        Normalization::kZscore, Normalization::kRobust, Normalization::kWhiten})
    add(std::string(name_of(normalization)), contract_of({1, 40}, 50, "", normalization));
  add("average", contract_of({}, 0, "average", Normalization::kNone));
  add("channel", contract_of({0.5, 30}, 0, "Cz", Normalization::kZscore));
  add("electrode_beside", contract_of({0.5, 30}, 0, "A1", Normalization::kFixed));
  add("even_count", contract_of({}, 0, "", Normalization::kRobust), 17, 400);
  add("zscore_alone", contract_of({}, 0, "", Normalization::kZscore));
  add("whiten_alone", contract_of({}, 0, "", Normalization::kWhiten));
  for (const int opset : {13, 28}) {
    const std::string suffix = "_" + std::to_string(opset);
    add("whiten" + suffix, contract_of({1, 40}, 50, "average", Normalization::kWhiten), opset);
    add("running" + suffix, contract_of({1, 40}, 50, "", Normalization::kRunning), opset);
  }
  cases_.check();
}

TEST(Preprocessing, of_a_contract_without_a_rate_is_refused) {
  const test::TempDir dir;
  EXPECT_THROW(export_preprocessing(dir / "p.onnx", SignalContract{}), Error);
  EXPECT_FALSE(std::filesystem::exists(dir / "p.onnx"));
}

}  // namespace
}  // namespace nest::exports
