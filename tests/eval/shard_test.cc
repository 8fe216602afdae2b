// Which part of a set is whose.
#include "nest/eval/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/eval/evaluator.h"
#include "nest/eval/summary.h"
#include "tests/support/temp_dir.h"
#include "tests/support/variables.h"

namespace nest::eval {
namespace {

using test::Variables;
using testing::HasSubstr;

std::string shard(std::string_view name, const Variables& values) {
  return to_string(shard_from(name, test::lookup_of(values)));
}

void expect_refused(std::string_view name, const Variables& values, const char* why) {
  EXPECT_THAT([&] { shard(name, values); }, testing::ThrowsMessage<Error>(HasSubstr(why))) << name;
}

const Variables kArray{
    {"SLURM_ARRAY_TASK_ID", "2"}, {"SLURM_ARRAY_TASK_COUNT", "4"}, {"SLURM_ARRAY_TASK_MAX", "3"}};
const Variables kStep{{"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}};

TEST(Shard, is_written_from_one) {
  EXPECT_EQ(shard_from_name("2/4").index, 1u);
  EXPECT_EQ(to_string({1, 4}), "2/4");
  for (const char* bad : {"0/4", "5/4", "2", "a/b", "1/", "/2", "", "1/2/3"}) {
    expect_refused(bad, {}, "for example 2/4");
  }
  EXPECT_EQ(shard("2/4", kArray), "2/4") << "what is written wins over the launcher";
}

TEST(Shard, of_a_task_is_its_place_in_the_array) {
  EXPECT_EQ(shard("auto", kArray), "3/4");
  EXPECT_EQ(shard("auto/4", kArray), "3/4");
  EXPECT_EQ(shard("auto/4", {{"JOB_COMPLETION_INDEX", "0"}}), "1/4");
}

TEST(Shard, of_a_process_is_its_place_among_those_that_were_started_with_it) {
  EXPECT_EQ(shard("auto", kStep), "2/2");
  EXPECT_EQ(shard("auto", {{"RANK", "3"}, {"WORLD_SIZE", "4"}}), "4/4");
}

TEST(Shard, of_the_processes_of_a_task_together_is_the_tasks) {
  Variables both = kArray;
  both.insert(kStep.begin(), kStep.end());
  EXPECT_EQ(shard("auto", both), "6/8");
  EXPECT_EQ(shard("auto/8", both), "6/8");
}

TEST(Shard, of_a_process_alone_is_the_whole) {
  EXPECT_EQ(shard("auto", {}), "1/1");
  EXPECT_EQ(shard("auto/1", {}), "1/1");
  expect_refused("auto/4", {}, "no variable");
}

TEST(Shard, is_refused_where_the_count_is_unknown_or_too_small) {
  expect_refused("auto", {{"JOB_COMPLETION_INDEX", "2"}}, "JOB_COMPLETION_INDEX=2");
  expect_refused("auto/2", {{"JOB_COMPLETION_INDEX", "2"}}, "counted from 0");
  Variables again = kArray;  // sbatch --array=2
  again["SLURM_ARRAY_TASK_COUNT"] = "1";
  again["SLURM_ARRAY_TASK_MAX"] = "2";
  expect_refused("auto", again, "auto/N");
  EXPECT_EQ(shard("auto/4", again), "3/4");
  for (const char* bad : {"auto/", "auto/0", "auto/x", "automatic"}) {
    expect_refused(bad, kArray, "auto/4");
  }
}

TEST(Shard, has_a_file_of_its_own) {
  EXPECT_EQ(path_of_shard("a/{shard}/{shard}.json", {1, 4}, "auto"), "a/2-of-4/2-of-4.json");
  EXPECT_EQ(path_of_shard("all.json", {1, 4}, "2/4"), "all.json");
  EXPECT_EQ(path_of_shard("all.json", {0, 1}, "auto"), "all.json");
  EXPECT_EQ(path_of_shard("", {1, 4}, "auto"), "");
  EXPECT_THROW(path_of_shard("all.json", {1, 4}, "auto"), Error);
}

class ShardFiles : public testing::Test {
 protected:
  ShardFiles() {
    const EvalSet set = fake::make_set(0, 2);  // the third part has no utterance
    for (std::size_t i = 0; i < 3; ++i) {
      const Results part = ModelEvaluator(fake::honest(), options_).evaluate(set.part({i, 3}));
      write(part, {i, 3});
    }
  }
  void write(Results results, const Shard& shard) {
    results.shard = shard;
    paths_.push_back((dir_ / (std::to_string(paths_.size()) + ".json")).string());
    write_text_file(paths_.back(), to_json(results, summarize(results, options_.summary)).dump());
  }
  void expect_refused(const char* why) const {
    EXPECT_THAT([&] { merge_results_files(paths_, {}); },
                testing::ThrowsMessage<Error>(HasSubstr(why)));
  }
  EvalOptions options_ = [] {
    EvalOptions options;
    options.summary.bootstrap.replicates = 10;
    return options;
  }();
  test::TempDir dir_;
  std::vector<std::string> paths_;
};

TEST_F(ShardFiles, are_merged_when_all_are_there) {
  const Results all = merge_results_files(paths_, {});
  EXPECT_EQ(all.utterances.size(), 2u);
  write(all, {});
  paths_ = {paths_.back()};
  EXPECT_EQ(merge_results_files(paths_, {}).utterances.size(), 2u);
}

TEST_F(ShardFiles, are_refused_when_one_is_missing_or_there_twice) {
  paths_[2] = paths_[1];
  expect_refused((paths_[1] + ": part 2/3 is there twice").c_str());
  paths_.pop_back();
  expect_refused("part 3/3 is missing");
}

TEST_F(ShardFiles, of_another_division_are_refused) {
  write(load_results(paths_[2]), {2, 4});
  expect_refused((paths_.back() + " is part 3/4, but " + paths_.front() + " is one of 3").c_str());
}

}  // namespace
}  // namespace nest::eval
