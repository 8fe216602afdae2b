// The model repository for Triton: what its configurations say, and that a Triton reads them.
#include "package/triton.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "tests/package/toy_package.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::package {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A causal CTC model, so that it has a step.
graph::Model causal_model() {
  runtime::Family family = runtime::kFamilies[0];
  const std::string config =
      "{model_name: NEST_CTC, n_channels: 6, vocab_size: 11, causal: true, spatial_cnn: {type: "
      "EEGNet, n_channels: 6, sampling_rate: 64, n_pointwise_filters: 8}, temporal_encoder: {type: "
      "LSTM, input_dim: 8, hidden_dim: 12, num_layers: 1}, decoder: {input_dim: 12, vocab_size: "
      "11}}";
  family.config = config.c_str();
  return toy::model(family);
}

TEST(TritonRepository, has_a_folder_for_every_graph) {
  const test::TempDir dir;
  EXPECT_THAT(write_triton_models(causal_model(), dir.path(), "toy", 17),
              ElementsAre("toy", "toy_step", "toy_preprocessing"));
  for (const char* name : {"toy", "toy_step", "toy_preprocessing"}) {
    EXPECT_TRUE(std::filesystem::exists(dir / name / "1/model.onnx")) << name;
    EXPECT_THAT(read_text_file(dir / name / "config.pbtxt"), HasSubstr(name));
  }
  EXPECT_EQ(write_triton_models(toy::model(runtime::kFamilies[1]), dir.path(), "other", 17).back(),
            "other_preprocessing");
}

TEST(TritonRepository, batches_the_whole_model_and_keeps_the_state_of_a_step) {
  const test::TempDir dir;
  write_triton_models(causal_model(), dir.path(), "toy", 17);
  const std::string whole = read_text_file(dir / "toy/config.pbtxt");
  EXPECT_THAT(whole, HasSubstr("max_batch_size: 8"));
  EXPECT_THAT(whole,
              HasSubstr("input [ { name: \"signal\" data_type: TYPE_FP32 dims: [ 6, -1 ] } ]"));
  EXPECT_THAT(whole, Not(HasSubstr("sequence_batching")));
  const std::string step = read_text_file(dir / "toy_step/config.pbtxt");
  EXPECT_THAT(step, HasSubstr("max_batch_size: 0"));
  EXPECT_THAT(step, HasSubstr("dims: [ 1, 6, -1 ]"));
  EXPECT_THAT(step,
              HasSubstr("input_name: \"temporal_encoder.lstm.h\" output_name: "
                        "\"temporal_encoder.lstm.h_out\" data_type: TYPE_FP32 dims: [ 1, 1, 12 ]"));
  EXPECT_THAT(step, Not(HasSubstr("input [ { name: \"temporal_encoder")));  // states are no inputs
  EXPECT_THAT(read_text_file(dir / "toy_preprocessing/config.pbtxt"),
              HasSubstr("name: \"samples\" data_type: TYPE_FP64 dims: [ 6, -1 ]"));
}

TEST(TritonRepository, replaces_its_own_folders_only) {
  const test::TempDir dir;
  write_text_file(dir / "neighbour/config.pbtxt", "name: \"neighbour\"");
  write_text_file(dir / "toy/notes.txt", "mine");
  EXPECT_THROW(write_triton_models(causal_model(), dir.path(), "toy", 17), Error);
  std::filesystem::remove(dir / "toy/notes.txt");
  for (int i = 0; i < 2; ++i) write_triton_models(causal_model(), dir.path(), "toy", 17);
  EXPECT_TRUE(std::filesystem::exists(dir / "neighbour/config.pbtxt"));
}

TEST(TritonRepository, is_read_by_a_triton) {
  const test::TempDir dir;
  PackageOptions options = toy::options();
  options.triton = (dir / "repository").string();
  ModelPackager(causal_model()).create_package(dir / "p", options);
  const char* given = std::getenv("NEST_TRITON_PYTHON");
  const std::string command = std::string(given == nullptr ? "python3" : given) + " " +
                              (test::tests_dir() / "package/triton_check.py").string() + " " +
                              options.triton + " >" + (dir / "log").string() + " 2>&1";
  const int status = std::system(command.c_str());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  const std::string text = read_text_file(dir / "log");
  // Debian has no Triton: its wheel weighs gigabytes. What is written is tested above.
  if (code == 3) GTEST_SKIP() << text << "NEST_TRITON_PYTHON may name a python that has it";
  EXPECT_EQ(code, 0) << text;
}

}  // namespace
}  // namespace nest::package
