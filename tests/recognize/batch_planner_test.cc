#include "recognize/batch_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nest::recognize {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Time = BatchPlanner::Time;

Time at(double ms) {
  return Time() + std::chrono::duration_cast<Time::duration>(
                      std::chrono::duration<double, std::milli>(1000 + ms));
}

BatchRequest due_by(double ms, const std::string& length = "a") {
  return {.length_class = length, .deadline = at(ms)};
}

TEST(BatchPlanner, a_whole_batch_runs_at_once_and_a_part_waits_its_time) {
  BatchPlanner planner({.max_batch = 2, .max_delay_ms = 5});
  planner.add(1, {}, at(0));
  const auto early = planner.next(at(1));
  EXPECT_THAT(early.batch, IsEmpty());
  EXPECT_EQ(early.wake, at(5));
  planner.add(2, {}, at(1));
  planner.add(3, {}, at(1));
  EXPECT_THAT(planner.next(at(1)).batch, ElementsAre(1, 2));
  EXPECT_THAT(planner.next(at(5.9)).batch, IsEmpty());
  EXPECT_THAT(planner.next(at(6)).batch, ElementsAre(3)) << "the timer flushes the last";
  EXPECT_TRUE(planner.is_empty());
}

TEST(BatchPlanner, length_classes_never_mix_and_the_most_pressing_comes_first) {
  BatchPlanner planner({.max_batch = 4, .max_delay_ms = 5});
  planner.add(1, {.length_class = "a"}, at(1));
  planner.add(2, {.length_class = "b"}, at(0));
  planner.add(3, {.length_class = "a"}, at(2));
  EXPECT_THAT(planner.next(at(9)).batch, ElementsAre(2));
  EXPECT_THAT(planner.next(at(9)).batch, ElementsAre(1, 3));
}

TEST(BatchPlanner, a_deadline_starts_a_batch_as_early_as_batches_have_taken) {
  BatchPlanner planner({.max_batch = 8, .max_delay_ms = 100});
  planner.finished({}, std::chrono::milliseconds(20));
  planner.add(1, {.length_class = "a"}, at(0));
  planner.add(2, due_by(50), at(1));
  EXPECT_EQ(planner.next(at(2)).wake, at(30));
  EXPECT_THAT(planner.next(at(30)).batch, ElementsAre(2, 1)) << "the pressing one is in it first";
}

TEST(BatchPlanner, when_more_wait_than_fit_the_tightest_deadlines_go_first) {
  BatchPlanner planner({.max_batch = 2, .max_delay_ms = 50});
  planner.add(1, due_by(40), at(0));
  planner.add(2, due_by(20), at(0));
  planner.add(3, due_by(30), at(0));
  EXPECT_THAT(planner.next(at(1)).batch, ElementsAre(2, 3));
}

TEST(BatchPlanner, what_has_not_begun_by_its_deadline_is_given_up) {
  BatchPlanner planner({.max_batch = 8, .max_delay_ms = 100});
  planner.add(1, due_by(10), at(0));
  planner.add(2, due_by(90), at(0));
  const auto turn = planner.next(at(10));
  EXPECT_THAT(turn.expired, ElementsAre(1));
  EXPECT_THAT(turn.batch, IsEmpty());
  EXPECT_EQ(turn.wake, at(90));
}

TEST(BatchPlanner, steps_of_a_sequence_run_in_order_and_never_two_at_once) {
  BatchPlanner planner({.max_batch = 8, .max_delay_ms = 0});
  planner.add(1, {.length_class = "long", .sequence = 7}, at(0));
  planner.add(2, {.length_class = "short", .sequence = 7}, at(0));
  planner.add(3, {.length_class = "short", .sequence = 8}, at(0));
  planner.add(4, {.length_class = "short"}, at(0));
  EXPECT_THAT(planner.next(at(1)).batch, ElementsAre(1));
  EXPECT_THAT(planner.next(at(1)).batch, ElementsAre(3, 4)) << "2 waits for its sequence";
  EXPECT_THAT(planner.next(at(1)).batch, IsEmpty());
  planner.finished({1}, {});
  EXPECT_THAT(planner.next(at(1)).batch, ElementsAre(2));
}

TEST(BatchPlanner, a_step_that_is_taken_back_frees_the_next) {
  BatchPlanner planner({.max_batch = 8, .max_delay_ms = 0});
  planner.add(1, {.length_class = "a", .sequence = 7}, at(0));
  planner.add(2, {.length_class = "b", .sequence = 7}, at(0));
  EXPECT_TRUE(planner.remove(1));
  EXPECT_FALSE(planner.remove(1));
  EXPECT_THAT(planner.next(at(1)).batch, ElementsAre(2));
}

TEST(BatchPlanner, in_a_hurry_nothing_waits_for_company) {
  BatchPlanner planner({.max_batch = 8, .max_delay_ms = 1000});
  planner.add(1, {}, at(0));
  EXPECT_THAT(planner.next(at(1)).batch, IsEmpty());
  planner.hurry();
  EXPECT_THAT(planner.next(at(1)).batch, ElementsAre(1));
}

}  // namespace
}  // namespace nest::recognize
