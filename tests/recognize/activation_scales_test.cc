#include "nest/recognize/activation_scales.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "tests/recognize/toy.h"

namespace nest::recognize {
namespace {

/// One signal for every gain, that many times as large.
SignalSet signals(std::vector<float> gains) {
  const std::size_t count = gains.size();
  return {count, [gains](std::size_t i) {
            Tensor signal = toy::signal(2);
            for (float& value : signal.mutable_data<float>()) value *= gains[i];
            return signal;
          }};
}

TEST(ActivationScales, convolutions_are_a_part_of_all_products) {
  const graph::Model model = toy::ctc_model();
  const auto convolutions = calibrate_activations(model, signals({1}));
  const auto all = calibrate_activations(model, signals({1}), FixedScales::kAll);
  EXPECT_FALSE(convolutions.empty());
  EXPECT_GT(all.size(), convolutions.size());
  for (const auto& [product, scale] : convolutions) {
    EXPECT_GT(scale.scale, 0);
    EXPECT_EQ(all.at(product), scale);
  }
}

TEST(ActivationScales, the_largest_signal_decides) {
  const graph::Model model = toy::ctc_model();
  const auto small = calibrate_activations(model, signals({1}));
  const auto large = calibrate_activations(model, signals({4}));
  const auto both = calibrate_activations(model, signals({1, 4}));
  EXPECT_EQ(both, large);
  EXPECT_NE(small, large);
}

TEST(ActivationScales, a_job_hears_of_every_signal_and_can_stop) {
  std::stop_source stop;
  std::int64_t done = 0;
  Job job;
  job.stop = stop.get_token();
  job.progress = [&](const ProgressReport& report) {
    done = report.done;
    if (done == 2) stop.request_stop();
  };
  EXPECT_THROW(calibrate_activations(toy::ctc_model(), signals({1, 1, 1, 1}),
                                     FixedScales::kConvolutions, job),
               Error);
  EXPECT_EQ(done, 2);
}

TEST(ActivationScales, no_signal_leaves_no_scale_and_products_have_two_names) {
  EXPECT_TRUE(calibrate_activations(toy::ctc_model(), signals({})).empty());
  EXPECT_EQ(from_name<FixedScales>("all"), FixedScales::kAll);
  EXPECT_THROW(from_name<FixedScales>("linear"), Error);
}

}  // namespace
}  // namespace nest::recognize
