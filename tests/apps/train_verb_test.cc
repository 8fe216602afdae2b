// `nest train` as a user runs it: stopped by Ctrl-C and resumed, in two processes, for a language
// model.
#include <chrono>
#include <cmath>
#include <csignal>
#include <map>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/io/checkpoint.h"
#include "tests/support/command.h"

namespace nest {
namespace {

namespace fs = std::filesystem;
using Environment = std::map<std::string, std::string>;

constexpr int kInterruptedExitCode = 4;

/// A small dataset and configuration, made once.
class TrainVerb : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new test::TempDir;
    const auto made = test::run_nest(
        NEST_BINARY, "synth --seed 3 --rate 125 --sentences 30 --channels 4 --out " + data());
    ASSERT_EQ(made.exit_code, 0) << made.err;
    write_text_file(config(),
                    ctc("tiny", "0.1") + ctc("plain", "0") +
                        "lm: {model_name: NEST_LM, vocab_size: 40, embedding_dim: 8, hidden_dim: "
                        "16, num_layers: 1}\n");
  }
  static std::string ctc(const std::string& key, const std::string& dropout) {
    return key + ":\n  model_name: NEST_CTC\n  spatial_cnn: {type: SpatialCNN, n_channels: 4, " +
           "n_temporal_filters: 2, n_spatial_filters: 4, temporal_kernel_size: 16, dropout: " +
           dropout +
           "}\n  temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1, dropout: " + dropout +
           "}\n  decoder: {vocab_size: 40}\n";
  }
  static void TearDownTestSuite() { delete dir_; }

  static test::TempDir* dir() { return dir_; }
  static std::string data() { return (*dir_ / "data").string(); }
  static std::string config() { return (*dir_ / "models.yaml").string(); }
  static std::string run_folder(const std::string& name) { return (*dir_ / name).string(); }
  static std::vector<std::string> train(const std::string& model, const std::string& out,
                                        const std::vector<std::string>& more) {
    std::vector<std::string> all{"nest",        "train", "--data", data(), "--config",  config(),
                                 "--model-key", model,   "--out",  out,    "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

 private:
  static inline test::TempDir* dir_ = nullptr;
};

/// Starts the program; output goes nowhere.
pid_t start(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  const pid_t child = fork();
  if (child != 0) return child;
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  const int null = open("/dev/null", O_WRONLY);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(NEST_BINARY, argv.data());
  _exit(127);
}

/// Exit code; -1 if a signal ended the program.
int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TensorMap weights(const fs::path& path) {
  return io::read_checkpoint(path).state_dict;
}

double largest_difference(const TensorMap& a, const TensorMap& b) {
  double worst = 0;
  for (const auto& [name, x] : a) {
    if (x.dtype() != DType::kF32) continue;
    const auto u = x.data<float>(), v = b.at(name).data<float>();
    for (std::size_t i = 0; i < u.size(); ++i) {
      worst = std::max(worst, static_cast<double>(std::abs(u[i] - v[i])));
    }
  }
  return worst;
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

TEST_F(TrainVerb, ctrl_c_stops_cleanly_and_the_resumed_run_equals_an_uninterrupted_one) {
  const std::string whole = run_folder("whole"), stopped = run_folder("stopped");
  const std::vector<std::string> epochs{"--epochs", "12"};
  ASSERT_EQ(wait_for(start(train("tiny", whole, epochs))), 0);

  const pid_t child = start(train("tiny", stopped, epochs));
  while (!fs::exists(fs::path(stopped) / "log.jsonl") && waitpid(child, nullptr, WNOHANG) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  kill(child, SIGINT);
  ASSERT_EQ(wait_for(child), kInterruptedExitCode);
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

TEST_F(TrainVerb, two_processes_equal_one_with_twice_the_batch) {
  const auto with_batch = [&](const std::string& out, const char* size) {
    return train("plain", out,
                 {"--epochs", "2", "--optimizer", "sgd", "--lr", "0.05", "--schedule", "constant",
                  "--batch-size", size});
  };
  const std::string single = run_folder("single"), both = run_folder("both");
  ASSERT_EQ(wait_for(start(with_batch(single, "8"))), 0);

  Environment environment{{"WORLD_SIZE", "2"},
                          {"MASTER_ADDR", "127.0.0.1"},
                          {"MASTER_PORT", std::to_string(free_port())}};
  std::vector<pid_t> children;
  for (const char* rank : {"0", "1"}) {
    environment["RANK"] = rank;
    children.push_back(start(with_batch(both, "4"), environment));
  }
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  const TensorMap expected = weights(fs::path(single) / "last.pt");
  EXPECT_LT(largest_difference(expected, weights(fs::path(both) / "last.pt")), 2e-4);
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
