#include "nest/compress/pareto.h"

#include <limits>

#include <gmock/gmock.h>

#include "nest/core/json.h"
#include "tests/support/options_laws.h"

namespace nest::compress {
namespace {

using ::testing::ElementsAre;

TriedModel made(std::int64_t bytes, double ms, double error) {
  return {.name = "x", .file = "", .bytes = bytes, .ms = ms, .error = error, .note = ""};
}

TEST(Pareto, keeps_what_nothing_beats_in_size_time_and_errors) {
  const std::vector<TriedModel> all{made(100, 10, 0.02), made(50, 10, 0.02), made(50, 12, 0.01),
                                    made(40, 5, 0.05), made(50, 10, 0.02)};
  EXPECT_THAT(pareto_set(all), ElementsAre(1, 2, 3, 4));
}

TEST(Choice, is_the_most_right_that_reaches_both_targets) {
  const TriedModel floats = made(1200, 100, 0.02);
  const CompressGoal goal{.max_cer_increase = 1, .target_size = 10, .target_speed = 10};
  const std::vector<TriedModel> all{made(200, 5, 0.020), made(100, 9, 0.028), made(90, 8, 0.025),
                                    made(60, 8, 0.031)};
  EXPECT_EQ(choose_candidate(all, floats, goal), 2u);
}

TEST(Choice, comes_nearest_where_no_target_is_reached_and_never_loses_more_than_allowed) {
  const TriedModel floats = made(1200, 100, 0.02);
  const CompressGoal goal{.max_cer_increase = 1, .target_size = 12, .target_speed = 10};
  const std::vector<TriedModel> all{made(400, 5, 0.02), made(200, 20, 0.03), made(50, 5, 0.0301)};
  EXPECT_EQ(choose_candidate(all, floats, goal), 1u);
  const std::vector<TriedModel> wrong{made(50, 5, 0.5),
                                      made(50, 5, std::numeric_limits<double>::quiet_NaN())};
  EXPECT_EQ(choose_candidate(wrong, floats, goal), 2u);
}

TEST(Candidates, come_back_from_json_with_unknown_times) {
  TriedModel one = made(7, std::numeric_limits<double>::quiet_NaN(), 0.25);
  one.name = "units -50 %, int8";
  one.note = "why";
  const TriedModel again = tried_model_from_json(to_json(one));
  EXPECT_EQ(again.name, one.name);
  EXPECT_EQ(again.note, one.note);
  EXPECT_EQ(again.bytes, 7);
  EXPECT_TRUE(std::isnan(again.ms));
  EXPECT_EQ(again.error, 0.25);
}

TEST(CompressGoal, follows_the_laws_of_options) {
  test::expect_options_laws(CompressGoal{}, CompressGoal{2, 6, 3});
}

}  // namespace
}  // namespace nest::compress
