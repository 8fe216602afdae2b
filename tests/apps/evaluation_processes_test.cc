// One evaluation, whole and in two processes at the same time, on both executors.
#include <future>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

constexpr long kAddressSpaceKib = 16'000'000;

class Processes : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    run("synth --seed 5 --rate 125 --sentences 20 --out " + (dir_ / "data").string());
  }
  static void run(const std::string& arguments) {
    const auto result = test::run_nest(NEST_BINARY, arguments, kAddressSpaceKib);
    ASSERT_EQ(result.exit_code, 0) << arguments << "\n" << result.err;
  }
  void evaluate(const std::string& output, const std::string& flags) const {
    const auto model = test::tests_dir().parent_path() / "models/synth_ctc.pt";
    run("benchmark --model " + model.string() + " --data " + (dir_ / "data").string() +
        " --split train --executor " + GetParam() + " " + flags + " --output " +
        (dir_ / output).string());
  }
  // Everything that must not depend on who decoded what: texts and counts.
  Json essence(const std::string& file) const {
    const Json results = load_json(dir_ / file);
    Json essence;
    for (const Json& utterance : results.at("utterances")) {
      essence["texts"].push_back({utterance.at("id"), utterance.at("hypothesis")});
    }
    essence["counts"] = results.at("summary").at("counts");
    essence["metrics"] = results.at("summary").at("metrics");
    essence["signatures"] = results.at("summary").at("signatures");
    return essence;
  }
  test::TempDir dir_;
};

TEST_P(Processes, two_give_the_texts_counts_and_intervals_of_one) {
  const std::string scoring = " --lowercase --bleu-smooth exp";  // of the parts, kept by the merge
  evaluate("whole.json", "--batch-size 1" + scoring);
  const auto part = [&](int i) {
    return std::async(std::launch::async, [this, i, scoring] {
      const std::string number = std::to_string(i);
      evaluate("part" + number + ".json", "--batch-size 4 --shard " + number + "/2" + scoring);
    });
  };
  auto first = part(1);
  auto second = part(2);
  first.get();
  second.get();
  const std::string merge = "benchmark --merge " + (dir_ / "part1.json").string() + "," +
                            (dir_ / "part2.json").string() + " --output " +
                            (dir_ / "merged.json").string();
  run(merge);
  EXPECT_EQ(test::run_nest(NEST_BINARY, merge + " --bleu-smooth floor").exit_code, 2);
  const Json whole = essence("whole.json");
  ASSERT_EQ(whole["texts"].size(), 16u);
  EXPECT_EQ(essence("merged.json"), whole);
}

constexpr const char* kExecutors[] = {
    "native",
#ifdef NEST_WITH_TORCH
    "torch",
#endif
};

INSTANTIATE_TEST_SUITE_P(Executors, Processes, testing::ValuesIn(kExecutors),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace nest
