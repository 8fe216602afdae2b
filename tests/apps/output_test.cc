// Where results go: to a standard output that is full, closed or a pipe without reader, and to
// files that are links, pipes, devices or protected.
#include <cstdlib>
#include <future>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nest/core/file.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kIoExitCode = 3;

class Output : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = std::make_unique<test::TempDir>();
    write_text_file(path("ref.txt"), "the old man\na girl\n");
    write_text_file(path("hyp.txt"), "the old men\na girl\n");
    write_text_file(path("corpus.txt"), "the old man\nthe old girl\na man\n");
    succeed("synth --seed 5 --rate 125 --sentences 20 --out " + path("data") + " --recording " +
            path("live.edf"));
    succeed("lm train --order 2 --text " + path("corpus.txt") + " --out " + path("lm.arpa"));
    succeed("benchmark --replicates 50" + on_data() + " --output " + path("results.json"));
  }
  static void TearDownTestSuite() { dir_.reset(); }

  static std::string path(const char* name) { return (*dir_ / name).string(); }
  static std::string model() {
    return (test::tests_dir().parent_path() / "models/synth_ctc.pt").string();
  }
  static std::string on_data() { return " --model " + model() + " --data " + path("data"); }
  static std::string score() {
    return "score --ref " + path("ref.txt") + " --hyp " + path("hyp.txt");
  }
  struct Ended {
    int exit_code = -1;  ///< -1: a signal ended it
    std::string err;
  };
  /// In a shell, which redirects as it is told.
  static Ended run(const std::string& arguments, const std::string& redirection,
                   const std::string& before = "") {
    const std::string command =
        before + "'" NEST_BINARY "' " + arguments + " 2>" + path("err") + " " + redirection;
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_text_file(path("err"))};
  }
  static void succeed(const std::string& arguments) {
    const Ended ended = run(arguments, ">" + path("out"));
    ASSERT_EQ(ended.exit_code, 0) << arguments << "\n" << ended.err;
  }
  static std::unique_ptr<test::TempDir> dir_;
};
std::unique_ptr<test::TempDir> Output::dir_;

TEST_F(Output, that_is_full_is_an_error_of_every_verb) {
  const std::string signal = path("data/signals/u00000.npy");
  const std::vector<std::string> all{
      "--help",
      "--version",
      "benchmark --help",
      "doctor",
      score(),
      score() + " --json",
      "inspect " + model(),
      "inspect --json " + path("live.edf"),
      "convert " + model() + " " + path("m.safetensors"),
      "synth --seed 1 --rate 125 --sentences 4 --out " + path("other"),
      "import --format edf-annotations --in " + path("live.edf") + " --out " + path("new"),
      "filter --rate 125 --bandpass 0.5,40 " + signal + " " + path("filtered.npy"),
      "lm score --lm " + path("lm.arpa") + " --text " + path("corpus.txt"),
      "run --model " + model() + " --input eeg_data=" + signal + " --graph encoder --output " +
          path("arrays"),
      "stream --model " + model() + " --source file:" + path("live.edf"),
      "decode" + on_data(),
      "benchmark --json --replicates 50" + on_data(),
      "audit --shuffles 1 --replicates 50 --disjoint none" + on_data(),
      "compare --replicates 50 " + path("results.json") + " " + path("results.json"),
      "report " + path("results.json"),
      "bench --model " + model() + " --runs 1 --turn 1 --warmup 0 --rest-ms 0",
  };
  for (const std::string& arguments : all) {
    const auto result = run(arguments, ">/dev/full");
    EXPECT_EQ(result.exit_code, kIoExitCode) << arguments << "\n" << result.err;
    EXPECT_THAT(result.err, HasSubstr("standard output: not everything that was printed arrived: "))
        << arguments;
    EXPECT_THAT(result.err, testing::Not(HasSubstr("internal"))) << arguments;
  }
  EXPECT_THAT(run(score(), ">/dev/full").err, HasSubstr("arrived: No space left on device"));
}

TEST_F(Output, that_is_closed_is_an_error_and_becomes_no_other_file) {
  const auto result = run(score() + " --output " + path("score.json"), ">&-");
  EXPECT_EQ(result.exit_code, kIoExitCode) << result.err;
  EXPECT_THAT(result.err, HasSubstr("standard output"));
  EXPECT_TRUE(read_text_file(path("score.json")).ends_with("}\n"));
}

TEST_F(Output, whose_reader_is_gone_is_an_error) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const auto result = run("inspect --json " + model(), ">&" + std::to_string(ends[1]));
  ::close(ends[1]);
  EXPECT_EQ(result.exit_code, kIoExitCode) << result.err;
  EXPECT_THAT(result.err, HasSubstr("Broken pipe"));
}

TEST_F(Output, goes_through_links_pipes_and_standard_output) {
  write_text_file(path("target"), "old");
  fs::permissions(path("target"), fs::perms(0640));
  fs::create_symlink("target", path("link"));
  succeed(score() + " --output " + path("link"));
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_TRUE(read_text_file(path("target")).starts_with("{"));
  EXPECT_EQ(fs::status(path("target")).permissions(), fs::perms(0640));

  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  auto reader = std::async(std::launch::async, [] { return read_text_file(path("pipe")); });
  succeed(score() + " --output " + path("pipe"));
  const std::string read = reader.get();
  EXPECT_EQ(read, read_text_file(path("target")));
  EXPECT_TRUE(fs::is_fifo(path("pipe")));

  const auto both = run(score() + " --output /dev/stdout", ">" + path("both"));
  EXPECT_EQ(both.exit_code, 0) << both.err;
  const std::string text = read_text_file(path("both"));
  EXPECT_TRUE(text.starts_with(read + "2 utterances")) << text;
}

TEST_F(Output, a_full_disk_is_an_error_and_leaves_the_old_file) {
  write_text_file(path("old.json"), "old");
  const auto result = run("benchmark --replicates 50" + on_data() + " --output " + path("old.json"),
                          ">" + path("out"), "ulimit -f 1; ");
  EXPECT_EQ(result.exit_code, kIoExitCode) << result.err;
  EXPECT_THAT(result.err, HasSubstr("old.json: write failed: File too large"));
  EXPECT_EQ(read_text_file(path("old.json")), "old");
}

}  // namespace
}  // namespace nest
