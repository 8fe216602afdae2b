#include <filesystem>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/graph/factory.h"
#include "nest/io/checkpoint.h"
#include "nest/io/npy.h"
#include "nest/nn/executor.h"
#include "tests/support/paths.h"

namespace nest::nn {
namespace {

namespace fs = std::filesystem;

/// |a - b| <= 1e-5 + 1e-5 |b| everywhere; returns the largest excess (<= 0 if all agree).
double excess(const Tensor& actual, const Tensor& expected) {
  if (actual.shape() != expected.shape()) return INFINITY;
  const auto a = actual.data<float>();
  const auto b = expected.data<float>();
  double worst = -1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    worst = std::max(worst, difference - (1e-5 + 1e-5 * std::abs(b[i])));
    if (std::isnan(a[i])) return INFINITY;
  }
  return worst;
}

/// One row of tokens at a time, as a [B, 1] input.
Tensor column(const Tensor& tokens, std::int64_t u) {
  Tensor out(DType::kI64, {tokens.dim(0), 1});
  for (std::int64_t b = 0; b < tokens.dim(0); ++b) {
    out.mutable_data<std::int64_t>()[static_cast<std::size_t>(b)] =
        tokens.data<std::int64_t>()[static_cast<std::size_t>(b * tokens.dim(1) + u)];
  }
  return out;
}

TensorMap run_transducer_decoder(TorchExecutor& executor, const TensorMap& inputs) {
  TensorMap outputs = executor.run("block", inputs);
  const TensorMap next = executor.run("block", {{"tokens", column(inputs.at("tokens"), 0)},
                                                {"h", outputs.at("h_n")},
                                                {"c", outputs.at("c_n")}});
  outputs.emplace("continued_first_token", next.at("output"));
  return outputs;
}

TensorMap run_case(TorchExecutor& executor, const std::string& reference_class,
                   const TensorMap& inputs) {
  if (reference_class == "TransducerDecoder") return run_transducer_decoder(executor, inputs);
  return graph::run_forward(executor, inputs);
}

class Parity : public ::testing::TestWithParam<std::string> {};

TEST_P(Parity, every_output_of_every_case_is_within_tolerance) {
  const fs::path folder = test::parity_folder(GetParam());
  const Json meta = load_json(folder / "meta.json");
  const std::string reference_class = meta.at("reference_class").get<std::string>();
  const io::Checkpoint checkpoint = io::read_checkpoint(folder / (GetParam() + ".pt"));
  const Config config = Config::from_json(checkpoint.model_config);
  graph::Model model = graph::build_from_model_config(config, GetParam());
  graph::load_weights(model, checkpoint.state_dict);
  TorchExecutor executor(std::move(model));
  for (const Json& item : meta.at("cases")) {
    const std::string name = item.at("case").get<std::string>();
    TensorMap inputs;
    for (const auto& [port, file] : item.at("inputs").items()) {
      inputs.emplace(port, io::read_npy(folder / file.at("file").get<std::string>()));
    }
    const TensorMap outputs = run_case(executor, reference_class, inputs);
    for (const auto& [port, file] : item.at("outputs").items()) {
      if (!file.contains("file")) continue;  // token lists of decoders: tests/decode
      ASSERT_TRUE(outputs.contains(port)) << name << ": no output " << port;
      const Tensor expected = io::read_npy(folder / file.at("file").get<std::string>());
      EXPECT_LE(excess(outputs.at(port), expected), 0) << name << "." << port;
    }
  }
}

std::string plain_name(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(Entries, Parity, ::testing::ValuesIn(test::parity_models()), plain_name);

}  // namespace
}  // namespace nest::nn
