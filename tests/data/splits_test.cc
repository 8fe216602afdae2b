#include "nest/data/splits.h"

#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/enum.h"
#include "nest/core/error.h"

namespace nest::data {
namespace {

std::vector<Utterance> grid(int subjects, int sessions, int each) {
  std::vector<Utterance> all;
  for (int s = 0; s < subjects; ++s) {
    for (int r = 0; r < sessions; ++r) {
      for (int k = 0; k < each; ++k) {
        Utterance u;
        u.id = fmt::format("s{}r{}k{}", s, r, k);
        u.subject = fmt::format("s{}", s);
        u.session = fmt::format("r{}", r);
        u.text = fmt::format("text {}", k);
        all.push_back(u);
      }
    }
  }
  return all;
}

std::map<std::string, int> counts(const std::vector<Utterance>& all) {
  std::map<std::string, int> result;
  for (const auto& u : all) ++result[u.split];
  return result;
}

class SplitUnits : public testing::TestWithParam<SplitBy> {};

TEST_P(SplitUnits, no_group_is_in_two_splits_and_shares_are_met) {
  auto all = grid(10, 2, 10);
  SplitOptions options;
  options.by = GetParam();
  EXPECT_THAT(assign_splits(all, options), testing::IsEmpty());
  std::map<std::string, std::set<std::string>> splits_of;
  for (const auto& u : all) splits_of[split_group(u, options.by)].insert(u.split);
  for (const auto& [group, splits] : splits_of) EXPECT_EQ(splits.size(), 1u) << group;
  const auto n = counts(all);
  EXPECT_EQ(n.at("test"), 20);
  EXPECT_EQ(n.at("validation"), 20);
  EXPECT_EQ(n.at("train"), 160);
}
INSTANTIATE_TEST_SUITE_P(Units, SplitUnits,
                         testing::Values(SplitBy::kSubject, SplitBy::kSession, SplitBy::kText,
                                         SplitBy::kUtterance),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST(Splits, the_assignment_does_not_depend_on_the_order_of_the_manifest) {
  auto forward = grid(6, 2, 3);
  auto backward = forward;
  std::reverse(backward.begin(), backward.end());
  SplitOptions options;
  options.by = SplitBy::kSession;
  options.seed = 4;
  EXPECT_THAT(assign_splits(forward, options), testing::IsEmpty());
  EXPECT_THAT(assign_splits(backward, options), testing::IsEmpty());
  std::reverse(backward.begin(), backward.end());
  for (std::size_t i = 0; i < forward.size(); ++i) EXPECT_EQ(forward[i].split, backward[i].split);
}

TEST(Splits, another_seed_gives_another_assignment) {
  auto a = grid(20, 1, 1);
  auto b = a;
  SplitOptions options;
  EXPECT_THAT(assign_splits(a, options), testing::IsEmpty());
  options.seed = 1;
  EXPECT_THAT(assign_splits(b, options), testing::IsEmpty());
  EXPECT_FALSE(std::equal(a.begin(), a.end(), b.begin(),
                          [](const auto& x, const auto& y) { return x.split == y.split; }));
}

TEST(Splits, a_validation_part_is_carved_out_of_the_training_part_only) {
  auto all = grid(10, 2, 5);
  for (auto& u : all) u.split = u.session == "r1" ? "test" : "train";
  SplitOptions options;
  options.by = SplitBy::kUtterance;
  options.only = "train";
  options.validation_fraction = 0.2;
  options.test_fraction = 0;
  EXPECT_THAT(assign_splits(all, options), testing::IsEmpty());
  EXPECT_EQ(counts(all),
            (std::map<std::string, int>{{"test", 50}, {"train", 40}, {"validation", 10}}));
  for (const auto& u : all) EXPECT_EQ(u.split == "test", u.session == "r1");
}

TEST(Splits, listed_groups_go_where_the_list_says_and_unknown_ones_are_an_error) {
  auto all = grid(4, 1, 5);
  SplitOptions options;
  options.validation_fraction = options.test_fraction = 0;
  options.test = {"s2"};
  EXPECT_THAT(assign_splits(all, options), testing::IsEmpty());
  for (const auto& u : all) EXPECT_EQ(u.split, u.subject == "s2" ? "test" : "train");
  options.test = {"s9"};
  EXPECT_THAT([&] { static_cast<void>(assign_splits(all, options)); },
              testing::ThrowsMessage<Error>(testing::HasSubstr(
                  "no subject 's9' is left for the test part; there are: s0, s1, s2, s3")));
}

TEST(Splits, test_people_are_left_out_while_utterances_of_the_others_validate) {
  auto all = grid(4, 1, 10);
  SplitOptions options;
  options.test = {"s1"};
  options.test_fraction = 0;
  options.validation_by = SplitBy::kUtterance;
  options.validation_fraction = 0.2;
  EXPECT_THAT(assign_splits(all, options), testing::IsEmpty());
  EXPECT_EQ(counts(all),
            (std::map<std::string, int>{{"test", 10}, {"train", 22}, {"validation", 8}}));
  std::set<std::string> validated;
  for (const auto& u : all) {
    EXPECT_EQ(u.split == "test", u.subject == "s1");
    if (u.split == "validation") validated.insert(u.subject);
  }
  EXPECT_GT(validated.size(), 1u);
}

TEST(Splits, a_part_that_was_asked_for_and_stays_empty_is_said) {
  auto all = grid(4, 1, 10);
  SplitOptions options;
  options.validation_fraction = 0;
  options.test_fraction = 0.05;
  EXPECT_THAT(assign_splits(all, options),
              testing::ElementsAre(testing::HasSubstr("the test part is empty: 0.05 of 40")));
}

TEST(Splits, a_split_that_no_utterance_has_cannot_be_drawn_from) {
  auto all = grid(4, 1, 10);
  SplitOptions options;
  options.only = "train";
  EXPECT_THAT([&] { static_cast<void>(assign_splits(all, options)); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("no utterance has the split")));
}

TEST(Splits, fractions_that_leave_no_training_are_an_error) {
  auto all = grid(1, 1, 5);
  SplitOptions options;
  options.test_fraction = 0.9;
  EXPECT_THROW(static_cast<void>(assign_splits(all, options)), Error);
}

}  // namespace
}  // namespace nest::data
