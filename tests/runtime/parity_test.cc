#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "kernels_test_util.h"
#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/graph/factory.h"
#include "nest/io/checkpoint.h"
#include "nest/io/npy.h"
#include "nest/runtime/executor.h"
#include "tests/support/paths.h"

namespace nest::runtime {
namespace {

struct Loaded {
  Json meta;
  graph::Model model;
};
Loaded load(const std::string& name) {
  Loaded loaded;
  const auto folder = test::parity_folder(name);
  loaded.meta = Json::parse(read_text_file(folder / "meta.json"));
  const io::Checkpoint checkpoint = io::read_checkpoint(folder / (name + ".pt"));
  loaded.model =
      graph::build_from_model_config(Config::from_json(checkpoint.model_config, name), "");
  graph::load_weights(loaded.model, checkpoint.state_dict);
  return loaded;
}

/// Largest distance over 1 + |expected|.
double distance(const Tensor& got, const Tensor& want) {
  double worst = 0;
  const auto a = got.data<float>(), b = want.data<float>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    worst = std::max(worst, std::isnan(d) ? 1e30 : d / (1 + std::fabs(static_cast<double>(b[i]))));
  }
  return worst;
}

/// Root mean square of the error over that of the expected values.
double relative_error(const Tensor& got, const Tensor& want) {
  double error = 0, power = 1e-12;
  const auto a = got.data<float>(), b = want.data<float>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    power += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::isnan(error) ? 1e30 : std::sqrt(error / power);
}

struct Setting {
  std::string isa, precision;
  bool rewrite = true;
  double bound = 1e-5;
  int threads = 1;
};

class Parity : public testing::TestWithParam<std::string> {
 protected:
  void expect_parity(const Setting& setting) {
    Loaded loaded = load(GetParam());
    loaded.model.quantization.precision = from_name<graph::Precision>(setting.precision);
    NativeExecutor executor(prepare(std::move(loaded.model), {.rewrite = setting.rewrite}),
                            MachineOptions{.isa = setting.isa, .threads = setting.threads});
    for (const Json& test : loaded.meta.at("cases")) check(executor, test, setting);
  }

 private:
  void check(NativeExecutor& executor, const Json& test, const Setting& setting) {
    const auto folder = test::parity_folder(GetParam());
    TensorMap inputs;
    for (const auto& [name, entry] : test.at("inputs").items())
      inputs.emplace(name, io::read_npy(folder / entry.at("file").get<std::string>()));
    const TensorMap outputs = graph::run_forward(executor, inputs);
    int compared = 0;
    for (const auto& [name, entry] : test.at("outputs").items()) {
      const auto found = outputs.find(name);
      if (!entry.contains("file") || found == outputs.end()) continue;
      const Tensor want = io::read_npy(folder / entry.at("file").get<std::string>());
      ASSERT_EQ(found->second.shape(), want.shape()) << name;
      const bool is_exact = setting.precision == "fp32";
      EXPECT_LE(is_exact ? distance(found->second, want) : relative_error(found->second, want),
                setting.bound)
          << name << " of case " << test.at("case") << " on " << setting.isa << " "
          << setting.precision;
      ++compared;
    }
    EXPECT_GT(compared, 0);
  }
};

TEST_P(Parity, fp32_agrees_on_every_instruction_set) {
  for (const Isa isa : available_isas()) expect_parity({std::string(name_of(isa)), "fp32"});
}
TEST_P(Parity, fp32_agrees_without_rewrites) {
  expect_parity({"", "fp32", false});
}
TEST_P(Parity, fp32_agrees_on_three_threads) {
  expect_parity({"", "fp32", true, 1e-5, 3});
}
TEST_P(Parity, narrow_precisions_stay_within_their_bounds) {
  for (const Isa isa : available_isas()) {
    const std::string name(name_of(isa));
    expect_parity({name, "fp16", true, 4e-3});
    expect_parity({name, "bf16", true, 3e-2});
    expect_parity({name, "int8", true, 7e-2});
    expect_parity({name, "int4", true, 0.7});
  }
}

INSTANTIATE_TEST_SUITE_P(Entry, Parity, testing::ValuesIn(test::parity_models()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace nest::runtime
