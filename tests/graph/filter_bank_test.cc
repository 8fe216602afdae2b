#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/graph/factory.h"

namespace nest::graph {
namespace {

constexpr const char* kSection =
    "type: FilterBank\nn_channels: 8\nsampling_rate: 256\nfrequencies_hz: [13, 17, 21]\n"
    "kernel_size: 384\nstride: 16\npool_size: 8\nn_spatial_filters: 32\n";

TEST(FilterBank, yields_one_frame_every_stride_times_pool_samples) {
  const Model model = build_block("FilterBank", Config::parse(kSection));
  const Graph& graph = model.graph("block");
  const Value& out = graph.value(graph.output("output").value);
  EXPECT_EQ(out.shape[1].constant(), 35);
  for (const std::int64_t samples : {1280, 1281, 1407, 1408, 10240}) {
    EXPECT_EQ(out.shape[2].eval({{"B", 1}, {"T", samples}}), samples / 128) << samples;
  }
}

TEST(FilterBank, presets_are_unit_norm_quadrature_pairs_that_are_not_trained) {
  const Model model = build_block("FilterBank", Config::parse(kSection));
  const Tensor& bank = model.presets.at("temporal.bank");
  ASSERT_EQ(bank.shape(), (Shape{6, 1, 1, 384}));
  const auto taps = bank.data<float>();
  for (std::size_t pair = 0; pair < 3; ++pair) {
    double energy = 0;
    double product = 0;
    for (std::size_t t = 0; t < 384; ++t) {
      const double cosine = static_cast<double>(taps[(2 * pair) * 384 + t]);
      const double sine = static_cast<double>(taps[(2 * pair + 1) * 384 + t]);
      energy += cosine * cosine;
      product += cosine * sine;
    }
    EXPECT_NEAR(energy, 1, 1e-5);
    EXPECT_NEAR(product, 0, 1e-3);
  }
  EXPECT_TRUE(is_buffer("spatial_cnn.temporal.bank"));
  EXPECT_FALSE(is_buffer("spatial_cnn.temporal.weight"));
}

TEST(FilterBank, initialisation_takes_the_presets) {
  Model model = build_block("FilterBank", Config::parse(kSection));
  Rng rng(1);
  initialize_weights(model, rng);
  for (const auto& [name, preset] : model.presets) {
    EXPECT_TRUE(bit_equal(model.weights.at(name), preset)) << name;
  }
}

TEST(FilterBank, impossible_frequencies_are_errors_that_name_the_limit) {
  const std::string section = kSection;
  const auto broken = section.substr(0, section.find("[13")) + "[13, 200]\n";
  try {
    build_block("FilterBank", Config::parse(broken));
    FAIL() << "200 Hz at 256 Hz was accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("half the sampling rate"), std::string::npos);
  }
}

}  // namespace
}  // namespace nest::graph
