#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nest/core/file.h"
#include "nest/io/checkpoint.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace nest::test {

/// A small dataset and configuration, made once, and command lines that train on it.
class SmallTraining : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new TempDir;
    const auto made = run_nest(
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

  static TempDir* dir() { return dir_; }
  static std::string data() { return (*dir_ / "data").string(); }
  static std::string config() { return (*dir_ / "models.yaml").string(); }
  static std::string run_folder(const std::string& name) { return (*dir_ / name).string(); }
  static std::vector<std::string> train(const std::string& model, const std::string& out,
                                        const std::vector<std::string>& more) {
    std::vector<std::string> all{NEST_BINARY,   "train", "--data", data(), "--config",  config(),
                                 "--model-key", model,   "--out",  out,    "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

 private:
  static inline TempDir* dir_ = nullptr;
};

using Environment = std::map<std::string, std::string>;

/// Starts a program, looked for as a shell does; output goes nowhere.
inline pid_t start(const std::vector<std::string>& command, const Environment& environment = {}) {
  const pid_t child = fork();
  if (child != 0) return child;
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  const int null = open("/dev/null", O_WRONLY);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

/// Exit code; -1 if a signal ended the program.
inline int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline TensorMap weights(const std::filesystem::path& path) {
  return io::read_checkpoint(path).state_dict;
}

}  // namespace nest::test
