#include "nest/recognize/observed_model.h"

#include <gtest/gtest.h>

#include "nest/compress/post_training_quantizer.h"
#include "nest/core/error.h"
#include "tests/recognize/toy.h"

namespace nest::recognize {
namespace {

using Scales = std::map<std::string, graph::ActivationQuantization, std::less<>>;

/// Scales from one signal for every gain, that many times as large.
Scales scales_of(const graph::Model& model, const std::vector<float>& gains) {
  compress::PostTrainingQuantizer quantizer(
      model, {.calibration = {.calibrator = compress::Calibrator::kMinMax}});
  ObservedModel observed(quantizer.prepare(), quantizer.observer());
  quantizer.calibrate(static_cast<std::int64_t>(gains.size()), [&](std::int64_t i) {
    Tensor signal = toy::signal(2);
    for (float& value : signal.mutable_data<float>()) value *= gains[static_cast<std::size_t>(i)];
    observed.run(signal);
  });
  return quantizer.quantize().quantization.activations;
}

TEST(ObservedModel, every_graph_of_a_recognition_is_seen) {
  const Scales scales = scales_of(toy::ctc_model(), {1});
  EXPECT_TRUE(scales.contains("temporal_encoder.lstm/l0/hh"));
  EXPECT_TRUE(scales.contains("ctc_decoder.output_proj"));
}

TEST(ObservedModel, the_largest_signal_decides_the_largest_magnitude) {
  const graph::Model model = toy::ctc_model();
  const Scales small = scales_of(model, {1}), large = scales_of(model, {4});
  EXPECT_EQ(scales_of(model, {1, 4}), large);
  EXPECT_NE(small, large);
}

TEST(ObservedModel, a_model_with_a_quantization_is_not_observed) {
  graph::Model model = toy::ctc_model();
  compress::ActivationStatistics statistics;
  model.quantization.precision = graph::Precision::kInt8;
  EXPECT_THROW(ObservedModel(model, statistics), Error);
}

}  // namespace
}  // namespace nest::recognize
