// `nest train` as a user runs it: stopped by Ctrl-C and resumed, for a language model.
#include <chrono>
#include <csignal>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "small_training.h"
#include "tests/apps/binary.h"
#include "tests/support/command.h"

namespace nest {
namespace {

namespace fs = std::filesystem;
using TrainVerb = test::SmallTraining;
using test::start;
using test::wait_for;
using test::weights;

TEST_F(TrainVerb, ctrl_c_stops_cleanly_and_the_resumed_run_equals_an_uninterrupted_one) {
  const std::string whole = run_folder("whole"), stopped = run_folder("stopped");
  const std::vector<std::string> epochs{"--epochs", "12"};
  ASSERT_EQ(wait_for(start(train("tiny", whole, epochs))), 0);

  const pid_t child = start(train("tiny", stopped, epochs));
  while (!fs::exists(fs::path(stopped) / "log.jsonl") && waitpid(child, nullptr, WNOHANG) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  kill(child, SIGINT);
  ASSERT_EQ(wait_for(child), test::kInterruptedExitCode);
  ASSERT_LT(read_lines(fs::path(stopped) / "log.jsonl").size(), 12U);

  ASSERT_EQ(wait_for(start(train("tiny", stopped, {"--epochs", "12", "--resume"}))), 0);
  for (const char* file : {"best.pt", "last.pt"}) {
    const TensorMap expected = weights(fs::path(whole) / file);
    const TensorMap resumed = weights(fs::path(stopped) / file);
    ASSERT_EQ(resumed.size(), expected.size());
    for (const auto& [name, value] : expected) {
      EXPECT_TRUE(bit_equal(value, resumed.at(name))) << file << " " << name;
    }
  }
}

TEST_F(TrainVerb, killed_before_its_first_checkpoint_begins_anew_when_resumed) {
  const std::string whole = run_folder("at_once"), killed = run_folder("killed");
  const std::vector<std::string> epochs{"--epochs", "2"};
  ASSERT_EQ(wait_for(start(train("tiny", whole, epochs))), 0);

  const pid_t child = start(train("tiny", killed, epochs));
  while (!fs::exists(fs::path(killed) / "tokenizer.json") &&
         waitpid(child, nullptr, WNOHANG) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  kill(child, SIGKILL);
  wait_for(child);
  for (const char* file : {"best.pt", "last.pt", "log.jsonl"}) fs::remove(fs::path(killed) / file);

  std::string arguments;
  const std::vector<std::string> again = train("tiny", killed, {"--epochs", "2", "--resume"});
  for (std::size_t i = 1; i < again.size(); ++i) arguments += again[i] + " ";
  const auto result = test::run_nest(NEST_BINARY, arguments, 16'000'000);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("last.pt does not exist: nothing to go on from, the run begins anew"),
            std::string::npos)
      << result.err;
  const TensorMap expected = weights(fs::path(whole) / "last.pt");
  const TensorMap found = weights(fs::path(killed) / "last.pt");
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, value] : expected) EXPECT_TRUE(bit_equal(value, found.at(name))) << name;
}

/// Texts of the n-best lists that `nest decode` gives.
std::vector<std::string> decode(const std::string& arguments) {
  const auto result = test::run_nest(NEST_BINARY, "decode --json " + arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  std::vector<std::string> texts;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    texts.push_back(parse_json(line, "decode").at("text").get<std::string>());
  }
  return texts;
}

TEST_F(TrainVerb, a_language_model_is_trained_on_text_and_guides_or_ranks_the_search) {
  const std::string ctc_run = run_folder("recogniser"), lm_run = run_folder("lm");
  ASSERT_EQ(wait_for(start(train("tiny", ctc_run, {"--epochs", "3"}))), 0);
  const std::string tokenizer = ctc_run + "/tokenizer.json";
  ASSERT_EQ(wait_for(start(
                train("lm", lm_run, {"--epochs", "6", "--lr", "0.01", "--tokenizer", tokenizer}))),
            0);
  const auto log = read_lines(fs::path(lm_run) / "log.jsonl");
  const auto loss = [&](const std::string& line) {
    return parse_json(line, "log").at("loss").get<double>();
  };
  EXPECT_LT(loss(log.back()), loss(log.front()));

  const std::string common = "--model " + ctc_run + "/best.pt --data " + data() + " --beam 6 ";
  const auto plain = decode(common);
  const std::string lm = lm_run + "/best.pt";
  EXPECT_NE(decode(common + "--lm " + lm + " --lm-weight 3"), plain);
  const std::string rescore = common + "--nbest 6 --rescore-lm " + lm + " --rescore-weight ";
  EXPECT_EQ(decode(rescore + "0"), plain);
  EXPECT_NE(decode(rescore + "3"), plain);

  const auto refused =
      test::run_nest(NEST_BINARY, "decode " + common + "--lm " + ctc_run + "/best.pt");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("not a language model"), std::string::npos) << refused.err;
}

TEST_F(TrainVerb, a_given_flag_wins_over_the_file_even_where_it_equals_its_default) {
  const std::string with_rate = (*dir() / "rate.yaml").string();
  write_text_file(with_rate,
                  ctc("tiny", "0") + "  training: {learning_rate: 0.02, batch_size: 3}\n");
  const auto options = [&](const std::string& flags) {
    const auto result =
        test::run_nest(NEST_BINARY, "train --data " + data() + " --config " + with_rate +
                                        " --model-key tiny --max-steps 1 --json --out " +
                                        run_folder("rate") + flags);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return parse_json(result.out, "train").at("options");
  };
  EXPECT_EQ(options("").at("learning_rate"), 0.02);
  const Json given = options("-given --lr 0.001");
  EXPECT_EQ(given.at("learning_rate"), 0.001);
  EXPECT_EQ(given.at("batch_size"), 3);
}

TEST_F(TrainVerb, an_unknown_key_of_the_training_section_is_an_error_with_its_line) {
  const std::string misspelt = (*dir() / "misspelt.yaml").string();
  write_text_file(misspelt, ctc("tiny", "0") + "  training: {epoch: 2}\n");
  const auto result =
      test::run_nest(NEST_BINARY, "train --data " + data() + " --config " + misspelt +
                                      " --model-key tiny --out " + run_folder("misspelt"));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("unknown key 'epoch' (line 6)"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("did you mean 'epochs'?"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace nest
