#include "nest/profile/work.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "small_model.h"

namespace nest::profile {
namespace {

TEST(Work, an_encoder_gets_random_floats_and_no_optional_input) {
  const Work work = make_work(small_model(), {.graph = "encoder", .batch = 2, .length = 96});
  ASSERT_EQ(work.inputs.size(), 1u);
  const Tensor& x = work.inputs.at("eeg_data");
  EXPECT_EQ(x.shape(), (Shape{2, 4, 96}));
  EXPECT_NE(x.data<float>()[0], x.data<float>()[1]);
  EXPECT_TRUE(work.constant.empty());
}

TEST(Work, a_decoder_step_starts_at_zero_states_and_keeps_its_memory) {
  const Work work =
      make_work(small_model(), {.graph = "decoder_step", .batch = 3, .length = 5, .steps = 4});
  EXPECT_EQ(work.inputs.at("encoder_output").shape(), (Shape{3, 5, 24}));
  for (const float h : work.inputs.at("h").data<float>()) ASSERT_EQ(h, 0);
  for (const std::int64_t t : work.inputs.at("token").data<std::int64_t>()) ASSERT_EQ(t, 2);
  EXPECT_EQ(work.constant, std::set<std::string>{"encoder_output"});
  EXPECT_EQ(work.feeds.at("h_n"), "h");
  EXPECT_EQ(work.scores, "logits");
}

TEST(Work, steps_of_a_graph_without_state_are_refused) {
  EXPECT_THROW(make_work(small_model(), {.graph = "encoder", .length = 96, .steps = 2}), Error);
  EXPECT_THROW(make_work(small_model(), {.graph = "no_such"}), Error);
  EXPECT_THROW(make_work(small_model(), {.graph = "encoder", .length = 0}), Error);
}

TEST(Work, the_best_token_is_the_first_of_equals_in_each_row) {
  const std::vector<float> scores{1, 5, 5, -4, -3, -2};
  std::vector<std::int64_t> tokens(2);
  best_tokens(scores, tokens);
  EXPECT_EQ(tokens, (std::vector<std::int64_t>{1, 2}));
}

}  // namespace
}  // namespace nest::profile
