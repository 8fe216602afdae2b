// One evaluation, whole and in several processes at the same time: on both executors, and by the
// launchers that are installed.
#include <future>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "tests/apps/binary.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

constexpr long kAddressSpaceKib = 16'000'000;

class Evaluations : public testing::Test {
 protected:
  void SetUp() override {
    run("synth --seed 5 --rate 125 --sentences 20 --out " + (dir_ / "data").string());
  }
  static void run(const std::string& arguments) {
    const auto result = test::run_nest(NEST_BINARY, arguments, kAddressSpaceKib);
    ASSERT_EQ(result.exit_code, 0) << arguments << "\n" << result.err;
  }
  std::string evaluation(const std::string& output, const std::string& flags) const {
    const auto model = test::tests_dir().parent_path() / "models/synth_ctc.pt";
    return "benchmark --model " + model.string() + " --data " + (dir_ / "data").string() +
           " --split train " + flags + " --output " + (dir_ / output).string();
  }
  void evaluate(const std::string& output, const std::string& flags) const {
    run(evaluation(output, flags));
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

class Processes : public Evaluations, public testing::WithParamInterface<const char*> {};

TEST_P(Processes, two_give_the_texts_counts_and_intervals_of_one) {
  // Of the parts, kept by the merge.
  const std::string scoring =
      std::string(" --lowercase --bleu-smooth exp --executor ") + GetParam();
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

INSTANTIATE_TEST_SUITE_P(Executors, Processes, testing::ValuesIn(test::kExecutors),
                         [](const auto& info) { return std::string(info.param); });

struct Launcher {
  const char* name;
  const char* probe;  ///< ends with 0 where the launcher can be used
  const char* remedy;
  const char* command;  ///< starts the script SCRIPT once for each part
  const char* shard = "auto";
};

void PrintTo(const Launcher& launcher, std::ostream* out) {
  *out << launcher.name;
}

class Launched : public Evaluations, public testing::WithParamInterface<Launcher> {};

TEST_P(Launched, parts_give_the_texts_counts_and_intervals_of_one) {
  const Launcher& launcher = GetParam();
  // Launchers are no packages of this project: only their users have them.
  if (std::system(("(" + std::string(launcher.probe) + ") >/dev/null 2>&1").c_str()) != 0) {
    // "by_hand" runs everywhere and tests the same merge.
    GTEST_SKIP() << launcher.name << " does not run here; " << launcher.remedy;
  }
  evaluate("whole.json", "");
  const std::string script = (dir_ / "part.sh").string();
  write_text_file(script, "#!/bin/sh\nexec '" NEST_BINARY "' " +
                              evaluation("part-{shard}.json", "") + " --shard " + launcher.shard +
                              "\n");
  std::string command = launcher.command;
  command.replace(command.find("SCRIPT"), 6, script);
  ASSERT_EQ(std::system(("(" + command + ") >/dev/null 2>&1").c_str()), 0);
  run("benchmark --merge " + (dir_ / "part-").string() + "*.json --output " +
      (dir_ / "merged.json").string());
  EXPECT_EQ(load_json(dir_ / "merged.json").at("parts"), 3);
  EXPECT_EQ(essence("merged.json"), essence("whole.json"));
}

constexpr const char* kSlurm = "run the test in a Slurm: tools/slurm_here.sh salloc -n 3 TEST";
constexpr Launcher kLaunchers[] = {
    {"by_hand", "true", "",
     "for i in 0 1 2; do JOB_COMPLETION_INDEX=$i sh SCRIPT & all=\"$all $!\"; done; "
     "for i in $all; do wait $i || exit 1; done",
     "auto/3"},
    {"srun", "test -n \"$SLURM_JOB_ID\" && srun -n 3 true", kSlurm, "srun -n 3 sh SCRIPT"},
    {"sbatch_array", "sinfo", kSlurm, "sbatch --wait --array=0-2 --output=/dev/null SCRIPT"},
    {"mpirun", "ompi_info --version", "apt-get install openmpi-bin",
     "mpirun --allow-run-as-root --oversubscribe -n 3 sh SCRIPT"},
};
INSTANTIATE_TEST_SUITE_P(Launchers, Launched, testing::ValuesIn(kLaunchers),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace nest
