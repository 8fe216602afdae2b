#include "nest/profile/model_profiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/graph/frames.h"
#include "nest/profile/memory_profiler.h"
#include "nest/runtime/session.h"
#include "small_model.h"

namespace nest::profile {
namespace {

WorkOptions whole(std::int64_t batch = 1) {
  return {.graph = "", .batch = batch, .length = 400};
}

TEST(ModelProfiler, a_pass_is_the_encoder_and_one_step_of_the_decoder_over_its_frames) {
  const graph::Model model = small_model();
  const auto works = works_of(model, whole());
  ASSERT_EQ(works.size(), 2u);
  EXPECT_EQ(works[0].graph, "encoder");
  EXPECT_EQ(works[1].graph, "decoder_step");
  EXPECT_EQ(works[1].length, graph::num_frames(model, 400));
  EXPECT_EQ(works_of(model, {.graph = "decoder_step", .length = 7})[0].length, 7);
  EXPECT_THROW(works_of(model, {.graph = "", .length = 1}), Error);
}

TEST(ModelProfiler, layers_add_up_to_the_model) {
  const graph::Model model = small_model();
  const ModelProfile profile = ModelProfiler(model).profile_summary(whole());
  graph::Cost sum;
  double share = 0;
  for (const LayerProfile& layer : profile.layers) {
    sum += layer.cost;
    share += layer.share;
    EXPECT_LE(layer.peak_bytes, profile.memory.activation_bytes) << layer.name;
  }
  EXPECT_EQ(sum.parameters, model.num_parameters());
  EXPECT_EQ(sum.macs, profile.operations.macs);
  EXPECT_EQ(sum.flops, profile.operations.flops);
  EXPECT_EQ(sum.weight_bytes, profile.memory.weight_bytes);
  EXPECT_NEAR(share, 1, 1e-12);
  EXPECT_EQ(profile.parameters.trainable, model.num_parameters());
  EXPECT_GT(profile.parameters.buffers, 0) << "batch norm keeps statistics";
}

TEST(ModelProfiler, macs_grow_with_the_batch_and_parameters_do_not) {
  const ModelProfiler profiler(small_model());
  EXPECT_EQ(profiler.count_flops(whole(3)).macs, 3 * profiler.count_flops(whole()).macs);
  EXPECT_EQ(profiler.count_flops(whole()).macs, profiler.profile_summary(whole()).operations.macs);
  EXPECT_GT(profiler.estimate_memory(whole(3)).activation_bytes,
            profiler.estimate_memory(whole()).activation_bytes);
}

TEST(ModelProfiler, a_prepared_model_counts_as_the_model_it_was_made_of) {
  const ModelProfiler from_weights(small_model());
  const ModelProfiler prepared(runtime::prepare(small_model()));
  EXPECT_EQ(to_json(prepared.profile_summary(whole())),
            to_json(from_weights.profile_summary(whole())));
}

TEST(ModelProfiler, fewer_bits_are_fewer_bytes_and_the_same_operations) {
  graph::Model int8 = small_model();
  graph::set_precision(int8.quantization, graph::Precision::kInt8);
  const auto small = ModelProfiler(int8).profile_summary(whole());
  const auto large = ModelProfiler(small_model()).profile_summary(whole());
  EXPECT_LT(2 * small.memory.weight_bytes, large.memory.weight_bytes);
  EXPECT_EQ(small.operations, large.operations);
}

TEST(ModelProfiler, the_report_names_every_layer_and_never_mixes_macs_and_flops) {
  const auto profile = ModelProfiler(small_model()).profile_summary(whole());
  const Json json = to_json(profile);
  for (const char* key : {"parameters", "macs", "flops", "weight_bytes", "peak_bytes", "layers"})
    EXPECT_TRUE(json.contains(key)) << key;
  for (const Json& layer : json["layers"]) {
    EXPECT_GE(layer["flops"].get<std::int64_t>(), 2 * layer["macs"].get<std::int64_t>())
        << layer["name"];
  }
  const std::string text = profile_text(profile);
  EXPECT_THAT(text, testing::HasSubstr("graph encoder"));
  EXPECT_THAT(text, testing::HasSubstr("MACs"));
}

TEST(MemoryProfiler, what_was_planned_is_what_a_run_writes) {
  for (const char* graph : {"encoder", "decoder_step"}) {
    const MemoryProfile profile = MemoryProfiler(runtime::prepare(small_model()))
                                      .inference({.graph = graph, .length = 400, .steps = 1});
    EXPECT_LE(profile.measured_bytes, profile.planned_bytes) << graph;
    EXPECT_GE(static_cast<double>(profile.measured_bytes),
              0.99 * static_cast<double>(profile.planned_bytes))
        << graph;
    EXPECT_LE(profile.least_bytes, profile.planned_bytes);
    EXPECT_FALSE(profile.layers.empty());
  }
}

TEST(MemoryProfiler, measuring_changes_neither_states_nor_results) {
  const auto prepared = runtime::prepare(small_model());
  runtime::Session session(prepared, "encoder", {{"B", 1}, {"T", 400}});
  for (float& x : session.input("eeg_data")) x = 0.5f;
  session.run();
  const auto output = session.output("encoder_output");
  const std::vector<float> before(output.begin(), output.end());
  session.measure_arena();
  EXPECT_TRUE(std::ranges::equal(before, session.output("encoder_output")));
  session.run();
  EXPECT_TRUE(std::ranges::equal(before, session.output("encoder_output")));
}

}  // namespace
}  // namespace nest::profile
