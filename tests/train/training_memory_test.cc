#include "nest/train/training_memory.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/graph/frames.h"
#include "toy.h"

namespace nest::train {
namespace {

profile::TrainingMemory measured(std::int64_t batch) {
  return measure_training_memory(toy_model("nest_ctc"),
                                 {.graph = "", .batch = batch, .length = 640});
}

TEST(TrainingMemory, gradients_and_two_moments_are_as_large_as_the_trained_weights) {
  const profile::TrainingMemory memory = measured(2);
  const std::int64_t trained = 4 * toy_model("nest_ctc").num_parameters();
  EXPECT_EQ(memory.gradient_bytes, trained);
  EXPECT_GE(memory.optimizer_bytes, 2 * trained);
  EXPECT_LE(memory.optimizer_bytes, 2 * trained + 64 * 1024) << "allocations are rounded up";
  EXPECT_GE(memory.measured_bytes,
            memory.weight_bytes + memory.gradient_bytes + memory.optimizer_bytes);
}

TEST(TrainingMemory, a_layer_keeps_its_output_for_the_way_back_and_more_with_a_larger_batch) {
  const auto kept = [](const profile::TrainingMemory& memory, std::string_view name) {
    for (const auto& layer : memory.layers)
      if (layer.name == name) return std::pair(layer.kept_bytes, layer.output_bytes);
    ADD_FAILURE() << "no layer " << name;
    return std::pair<std::int64_t, std::int64_t>(0, 0);
  };
  const profile::TrainingMemory small = measured(2), large = measured(8);
  const std::string lstm = "temporal_encoder.lstm";
  EXPECT_GT(kept(small, lstm).first, kept(small, lstm).second) << "gates are kept too";
  // LibTorch 2.6 also keeps something that no batch makes larger, so differences are compared.
  const std::int64_t more = kept(large, lstm).first - kept(small, lstm).first;
  EXPECT_GT(more, kept(large, lstm).second - kept(small, lstm).second) << "gates of further items";
  const std::int64_t again = kept(measured(14), lstm).first - kept(large, lstm).first;
  EXPECT_LE(std::abs(again - more), more / 10) << "every further item keeps as much";
  EXPECT_GT(large.measured_bytes, small.measured_bytes);
  EXPECT_EQ(kept(small, "ctc_decoder.log_softmax").second,
            4 * 2 * graph::num_frames(toy_model("nest_ctc"), 640) * 6)
      << "float32 of 2 items, their frames and 6 tokens";
}

TEST(TrainingMemory, the_profiler_adds_the_estimate_and_needs_libtorch) {
  const profile::WorkOptions work{.graph = "", .batch = 2, .length = 640};
  EXPECT_THROW(profile::MemoryProfiler::training(toy_model("nest_ctc"), work), Error);
  profile::register_training_meter(measure_training_memory);
  const auto memory = profile::MemoryProfiler::training(toy_model("nest_ctc"), work);
  profile::register_training_meter(nullptr);
  EXPECT_GT(memory.estimated_bytes, 0);
  EXPECT_LE(memory.estimated_bytes, memory.measured_bytes) << "an estimate from below";
}

}  // namespace
}  // namespace nest::train
