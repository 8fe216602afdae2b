#include "nest/recognize/graph_batch.h"

#include <gtest/gtest.h>

#include "nest/graph/streaming.h"
#include "nest/recognize/batch_processor.h"
#include "nest/runtime/executor.h"
#include "tests/recognize/toy.h"
#include "tests/support/causal_models.h"

namespace nest::recognize {
namespace {

std::unique_ptr<graph::Executor> native(const graph::Model& model) {
  return std::make_unique<runtime::NativeExecutor>(runtime::prepare(model));
}

Tensor noise(const Shape& shape, std::uint64_t seed) {
  Rng rng(seed);
  Tensor tensor(DType::kF32, shape);
  for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(rng.normal());
  return tensor;
}

void expect_equal(const TensorMap& got, const TensorMap& want) {
  ASSERT_EQ(got.size(), want.size());
  for (const auto& [name, tensor] : want) EXPECT_TRUE(bit_equal(got.at(name), tensor)) << name;
}

TEST(GraphBatch, requests_of_one_or_more_rows_get_what_they_would_get_alone) {
  const graph::Model model = toy::ctc_model();
  GraphBatch batch(native(model), "encoder");
  std::vector<GraphRequest> requests;
  for (const std::int64_t rows : {1, 3, 2})
    requests.push_back({{{"eeg_data", noise({rows, 3, 320}, static_cast<std::uint64_t>(rows))}}});
  requests.push_back({{{"eeg_data", noise({1, 3, 200}, 9)}}});  // another length
  const auto results = batch(requests);
  const auto alone = native(model);
  for (std::size_t i = 0; i < requests.size(); ++i)
    expect_equal(results[i], alone->run("encoder", requests[i].inputs));
}

TEST(GraphBatch, states_of_sessions_stay_apart_whatever_runs_together) {
  for (const test::CausalCase& item : test::causal_cases()) {
    SCOPED_TRACE(item.name);
    graph::Model model = test::make_causal_model(item);
    const graph::StreamingStep step = graph::add_streaming_step(model);
    const std::int64_t samples = step.samples_per_frame * step.frame_multiple;
    GraphBatch joint(native(model), "encoder_step"), single(native(model), "encoder_step");
    std::vector<std::shared_ptr<TensorMap>> together, alone;
    for (int s = 0; s < 3; ++s) {
      together.push_back(std::make_shared<TensorMap>());
      alone.push_back(std::make_shared<TensorMap>());
    }
    for (std::uint64_t round = 0; round < 4; ++round) {
      std::vector<GraphRequest> requests;
      std::vector<std::size_t> who;
      for (std::size_t s = 0; s < 3; ++s) {
        if (s == 1 && round == 0) continue;  // this session begins later
        const Tensor x = noise({1, test::kCausalChannels, samples}, 10 * round + s);
        requests.push_back({{{"eeg_data", x}}, together[s]});
        who.push_back(s);
      }
      const auto results = joint(requests);
      for (std::size_t i = 0; i < who.size(); ++i) {
        const GraphRequest own{requests[i].inputs, alone[who[i]]};
        expect_equal(results[i], single(std::span(&own, 1))[0]);
      }
    }
  }
}

TEST(GraphBatch, steps_of_sessions_through_a_processor_stay_in_order) {
  graph::Model model = test::make_causal_model(test::causal_cases().front());
  const graph::StreamingStep step = graph::add_streaming_step(model);
  const std::int64_t samples = step.samples_per_frame * step.frame_multiple;
  using Steps = BatchProcessor<GraphRequest, TensorMap>;
  const auto joint = [&]() -> Steps::Run {
    return [batch = std::make_shared<GraphBatch>(native(model), "encoder_step")](
               std::span<const GraphRequest> requests) { return (*batch)(requests); };
  };
  Steps processor({.max_batch = 4, .max_delay_ms = 1, .workers = 2}, {joint(), joint()});
  std::vector<std::vector<std::future<Steps::Answer>>> answers(5);
  std::vector<std::shared_ptr<TensorMap>> states;
  for (int s = 0; s < 5; ++s) states.push_back(std::make_shared<TensorMap>());
  for (std::uint64_t round = 0; round < 6; ++round) {
    for (std::size_t s = 0; s < 5; ++s) {
      GraphRequest request{
          {{"eeg_data", noise({1, test::kCausalChannels, samples}, 10 * round + s)}}, states[s]};
      const std::string length = shapes_of(request.inputs);
      answers[s].push_back(
          processor.submit(std::move(request), {.length_class = length, .sequence = s + 1}));
    }
  }
  GraphBatch single(native(model), "encoder_step");
  for (std::size_t s = 0; s < 5; ++s) {
    const auto state = std::make_shared<TensorMap>();
    for (std::uint64_t round = 0; round < 6; ++round) {
      const GraphRequest own{
          {{"eeg_data", noise({1, test::kCausalChannels, samples}, 10 * round + s)}}, state};
      auto answer = answers[s][round].get();
      expect_equal(answer.get(), single(std::span(&own, 1))[0]);
    }
  }
}

TEST(GraphBatch, a_request_that_cannot_run_leaves_every_state_as_it_was) {
  graph::Model model = test::make_causal_model(test::causal_cases().front());
  graph::add_streaming_step(model);
  GraphBatch batch(native(model), "encoder_step");
  const auto state = std::make_shared<TensorMap>();
  const std::vector<GraphRequest> requests{{{{"eeg_data", noise({1, 2, 64}, 1)}}, state}};
  EXPECT_ANY_THROW(batch(requests));
  EXPECT_TRUE(state->empty());
}

}  // namespace
}  // namespace nest::recognize
