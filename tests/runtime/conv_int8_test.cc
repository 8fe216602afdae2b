#include <limits>

#include <gmock/gmock.h>

#include "families.h"
#include "kernels_test_util.h"
#include "nest/compress/activation_statistics.h"
#include "nest/core/error.h"
#include "nest/runtime/session.h"
#include "reference/kernels.h"

namespace nest::runtime {
namespace {

using ::testing::HasSubstr;

class ConvInt8 : public EveryIsa {};
NEST_EVERY_ISA(ConvInt8);

struct ConvCase {
  int channels, outputs, taps, time;
};
constexpr ConvCase kConvCases[] = {{4, 1, 1, 16},    {5, 3, 2, 40},    {8, 7, 10, 133},
                                   {32, 32, 10, 75}, {16, 13, 3, 200}, {64, 20, 5, 21}};

std::vector<std::uint8_t> quads(const Kernels& kernels, const std::vector<float>& x,
                                const ConvCase& c, float scale) {
  const int groups = (c.channels + 3) / 4;
  std::vector<std::uint8_t> q(static_cast<std::size_t>((groups * c.time + 16) * 4), 7);
  for (int g = 0; g < groups; ++g)
    kernels.quantize_quads(x.data() + g * 4 * c.time, c.time, std::min(4, c.channels - 4 * g),
                           c.time, scale, q.data() + g * c.time * 4);
  return q;
}

TEST_P(ConvInt8, quads_hold_rounded_and_clamped_codes_of_four_channels) {
  const ConvCase c{6, 1, 1, 37};
  auto x = random_floats(static_cast<std::size_t>(c.channels * c.time), 1);
  x[3] = 1e30f;
  x[4] = -1e30f;
  x[5] = 0.5f * 0.02f;  // half a code: to even
  const float scale = 0.02f;
  const auto q = quads(kernels(), x, c, scale);
  for (int channel = 0; channel < 8; ++channel)
    for (int t = 0; t < c.time; ++t) {
      const float value =
          channel < c.channels ? x[static_cast<std::size_t>(channel * c.time + t)] : 0;
      const float code = std::clamp(std::nearbyint(value * (1.0f / scale)), -127.0f, 127.0f);
      const auto at = static_cast<std::size_t>((channel / 4 * c.time + t) * 4 + channel % 4);
      ASSERT_EQ(q[at], static_cast<int>(code) + 128) << channel << " " << t;
    }
}

/// Codes of every output channel as the kernel wants them, and the floats they stand for.
struct Weights {
  std::vector<std::int8_t> codes;
  std::vector<float> scale, stored;
  std::vector<std::int32_t> sum;

  Weights(const std::vector<float>& w, const ConvCase& c, float activation_scale) {
    const int groups = (c.channels + 3) / 4;
    codes.resize(static_cast<std::size_t>(c.outputs * groups * c.taps * 4));
    for (int o = 0; o < c.outputs; ++o) {
      const float* filter = w.data() + o * c.channels * c.taps;
      const auto q = reference::quantize(filter, c.channels * c.taps);
      int total = 0;
      for (int i = 0; i < c.channels * c.taps; ++i) {
        const int code = q.codes[static_cast<std::size_t>(i)], channel = i / c.taps;
        const int place = ((o * groups + channel / 4) * c.taps + i % c.taps) * 4 + channel % 4;
        codes[static_cast<std::size_t>(place)] = static_cast<std::int8_t>(code);
        stored.push_back(static_cast<float>(code) * q.scale);
        total += code;
      }
      scale.push_back(q.scale * activation_scale);
      sum.push_back(128 * total);
    }
  }
};

std::vector<float> convolve(const Kernels& kernels, const Weights& weights,
                            const std::vector<std::uint8_t>& q, const ConvCase& c,
                            const std::vector<float>& bias) {
  std::vector<std::int64_t> offsets;
  for (int g = 0; g < (c.channels + 3) / 4; ++g)
    for (int k = 0; k < c.taps; ++k) offsets.push_back(g * c.time + k);
  const int out_time = c.time - c.taps + 1;
  std::vector<float> y(static_cast<std::size_t>(c.outputs * out_time), -99.0f);
  QuantConvArgs g;
  g.m = c.outputs;
  g.n = out_time;
  g.k = static_cast<int>(offsets.size());
  g.a = weights.codes.data();
  g.b = q.data();
  g.offsets = offsets.data();
  g.scale = weights.scale.data();
  g.sum = weights.sum.data();
  g.c = y.data();
  g.ldc = out_time;
  g.epilogue.row_bias = bias.data();
  g.epilogue.act = Act::kRelu;
  kernels.conv_s8(g);
  return y;
}

TEST_P(ConvInt8, agrees_with_the_reference_on_the_codes_and_with_the_generic_bits) {
  const float scale = 3.0f / 127;
  for (const ConvCase& c : kConvCases) {
    const auto x = random_floats(static_cast<std::size_t>(c.channels * c.time), 2);
    const auto w = random_floats(static_cast<std::size_t>(c.outputs * c.channels * c.taps), 3);
    const auto bias = random_floats(static_cast<std::size_t>(c.outputs), 4);
    const auto q = quads(kernels(), x, c, scale);
    const Weights weights(w, c, scale);
    const auto y = convolve(kernels(), weights, q, c, bias);
    const Kernels& generic = kernels_for(Isa::kGeneric);
    ASSERT_EQ(y, convolve(generic, weights, quads(generic, x, c, scale), c, bias));

    std::vector<float> rounded;
    for (const float v : x)
      rounded.push_back(scale * std::clamp(std::nearbyint(v / scale), -127.0f, 127.0f));
    const auto want =
        reference::convolution(rounded, weights.stored, c.channels, c.outputs, c.taps, c.time);
    const std::size_t each = want.size() / static_cast<std::size_t>(c.outputs);
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double sum = std::max(0.0, want[i] + static_cast<double>(bias[i / each]));
      ASSERT_NEAR(static_cast<double>(y[i]), sum, 1e-4 * c.channels) << "element " << i;
    }
  }
}

TEST_P(ConvInt8, extreme_codes_do_not_saturate) {
  const ConvCase c{64, 2, 8, 40};
  for (const float sign : {1.0f, -1.0f}) {
    const std::vector<float> x(static_cast<std::size_t>(c.channels * c.time), 127.0f);
    const std::vector<float> w(static_cast<std::size_t>(c.outputs * c.channels * c.taps), 1.0f);
    const Weights weights(w, c, 1.0f);
    std::vector<float> signed_x = x;
    for (float& v : signed_x) v *= sign;
    const auto y = convolve(kernels(), weights, quads(kernels(), signed_x, c, 1.0f), c,
                            std::vector<float>(2, 0.0f));
    for (const float v : y) ASSERT_NEAR(v, sign > 0 ? 127.0f * 64 * 8 : 0.0f, 1.0f);
  }
}

// --- in a model ------------------------------------------------------------------------------

const Family& deep_conv_net() {
  return kFamilies[3];
}

std::vector<float> encode(const std::shared_ptr<const PreparedModel>& prepared) {
  Session session(prepared, "encoder", {{"B", 1}, {"T", 400}});
  const auto x = random_floats(session.input("eeg_data").size(), 5);
  std::copy(x.begin(), x.end(), session.input("eeg_data").begin());
  session.run();
  const auto y = session.output("encoder_output");
  return {y.begin(), y.end()};
}

TEST(StaticScales, calibrated_convolutions_run_on_bytes_and_stay_close_to_fp32) {
  const auto exact = encode(prepare(deep_conv_net(), "fp32"));
  const auto prepared = prepare(deep_conv_net(), "int8 static");
  EXPECT_THAT(prepared->report("encoder", {{"B", 1}, {"T", 400}}, {"lengths"}),
              HasSubstr("conv int8 static"));
  const auto rounded = encode(prepared);
  ASSERT_EQ(rounded.size(), exact.size());
  double error = 0, power = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    error += std::pow(static_cast<double>(rounded[i] - exact[i]), 2);
    power += std::pow(static_cast<double>(exact[i]), 2);
  }
  EXPECT_GT(error, 0);
  EXPECT_LT(std::sqrt(error / power), 0.1);
}

TEST(StaticScales, without_calibration_convolutions_stay_fp32) {
  const auto report =
      prepare(deep_conv_net(), "int8")->report("encoder", {{"B", 1}, {"T", 400}}, {"lengths"});
  EXPECT_THAT(report, HasSubstr("conv fp32"));
  EXPECT_THAT(report, Not(HasSubstr("static")));
}

TEST(StaticScales, a_scale_of_no_layer_or_no_size_is_an_error) {
  graph::Model model = make_model(deep_conv_net());
  model.quantization.activations["spatial_cnn.conv9"] = {0.1f};
  EXPECT_THROW(prepare(model), Error);
  for (const float bad : {0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()}) {
    model.quantization.activations = {{"spatial_cnn.conv2", {bad}}};
    EXPECT_THROW(prepare(model), Error) << bad;
  }
}

TEST(Observed, products_are_shown_what_goes_into_them_in_every_run) {
  compress::ActivationStatistics seen({.calibrator = compress::Calibrator::kMinMax});
  const auto prepared = prepare(make_model(deep_conv_net()), {}, &seen);
  EXPECT_TRUE(seen.by_product().empty());
  encode(prepared);
  const auto first = seen.scales();
  EXPECT_GT(first.size(), 5u);
  const auto once = seen.by_product();
  encode(prepared);
  EXPECT_EQ(seen.scales(), first);
  for (const auto& [product, statistics] : seen.by_product()) {
    EXPECT_EQ(statistics.histogram.count(), 2 * once.at(product).histogram.count()) << product;
  }
  // Five channels of 400 samples, without the zeros that pad the convolution.
  EXPECT_EQ(once.at("spatial_cnn.conv1").histogram.count() % 400, 0u);
  Session session(prepared, "encoder", {{"B", 1}, {"T", 400}});
  std::ranges::fill(session.input("eeg_data"), 5.0f);
  session.run();
  EXPECT_EQ(seen.by_product().at("spatial_cnn.conv1").histogram.largest(), 5.0f);
}

}  // namespace
}  // namespace nest::runtime
