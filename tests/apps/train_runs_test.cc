// Runs of `nest train` lose nothing: folders in use, resuming, utterances that are left out.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class TrainRuns : public testing::Test {
 protected:
  void SetUp() override {
    run_nest("synth --seed 3 --rate 125 --sentences 20 --channels 4 --out " + path("data"), 0);
    write_config(2);
  }
  void write_config(int epochs, int hidden = 8) {
    write_text_file(
        path("m.yaml"),
        "tiny:\n  model_name: NEST_CTC\n  spatial_cnn: {type: SpatialCNN, n_channels: 4, "
        "n_temporal_filters: 2, n_spatial_filters: 4, temporal_kernel_size: 16}\n"
        "  temporal_encoder: {type: LSTM, hidden_dim: " +
            std::to_string(hidden) +
            ", num_layers: 1}\n  decoder: {vocab_size: 40}\n  training: {epochs: " +
            std::to_string(epochs) + ", learning_rate: 0.02, schedule: constant}\n");
  }
  static test::CommandResult run_nest(const std::string& arguments, int code) {
    const auto result = test::run_nest(NEST_BINARY, arguments, 16'000'000);
    EXPECT_EQ(result.exit_code, code) << arguments << "\n" << result.err;
    return result;
  }
  test::CommandResult train(const std::string& more, int code = 0) const {
    return run_nest("train --out " + path("run") + " " + more, code);
  }
  std::string fresh() const {
    return "--data " + path("data") + " --config " + path("m.yaml") + " --model-key tiny ";
  }
  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  std::size_t epochs() const { return read_lines(path("run") + "/log.jsonl").size(); }
  test::TempDir dir_;
};

TEST_F(TrainRuns, a_folder_with_a_run_in_it_is_neither_lost_nor_mixed) {
  train(fresh());
  const std::string before = read_text_file(path("run") + "/last.pt");
  EXPECT_THAT(train(fresh(), 2).err,
              AllOf(HasSubstr("holds a run already (best.pt, last.pt, log.jsonl"),
                    HasSubstr("--resume"), HasSubstr("--overwrite")));
  EXPECT_EQ(read_text_file(path("run") + "/last.pt"), before);
  EXPECT_THAT(train(fresh() + "--resume --overwrite", 2).err, HasSubstr("give one of them"));
  train(fresh() + "--overwrite --epochs 1");
  EXPECT_EQ(epochs(), 1u);
  EXPECT_NE(read_text_file(path("run") + "/last.pt"), before);
}

TEST_F(TrainRuns, an_overwrite_that_cannot_begin_leaves_the_old_run) {
  train(fresh());
  const std::string before = read_text_file(path("run") + "/best.pt");
  train(
      "--overwrite --data " + path("nowhere") + " --config " + path("m.yaml") + " --model-key tiny",
      3);
  EXPECT_EQ(read_text_file(path("run") + "/best.pt"), before);
}

TEST_F(TrainRuns, a_resumed_run_knows_its_options_and_takes_more_epochs) {
  const Json first = parse_json(train(fresh() + "--json --batch-size 5").out, "train");
  fs::remove(path("m.yaml"));
  const Json more = parse_json(train("--resume --epochs 3 --json").out, "train");
  EXPECT_EQ(more.at("epochs"), 3);
  EXPECT_EQ(epochs(), 3u);
  for (const char* name : {"batch_size", "learning_rate", "schedule", "seed"}) {
    EXPECT_EQ(more.at("options").at(name), first.at("options").at(name)) << name;
  }
  EXPECT_EQ(more.at("options").at("batch_size"), 5);
  // The new number of epochs is what the run knows from now on.
  EXPECT_THAT(train("--resume").err, HasSubstr("nothing is left to do after 3 epochs"));
  EXPECT_THAT(train("--resume --epochs 2", 2).err, HasSubstr("3 epochs are done; --epochs is 2"));
}

TEST_F(TrainRuns, one_that_was_killed_in_its_first_epoch_begins_anew_with_its_own_options) {
  train(fresh() + "--epochs 1 --batch-size 5");
  for (const char* name : {"last.pt", "best.pt", "log.jsonl"}) {
    fs::remove(path("run") + "/" + name);
  }
  const Json again = parse_json(train("--resume --json").out, "train");
  EXPECT_EQ(again.at("epochs"), 1);  // not the 2 of the configuration
  EXPECT_EQ(again.at("options").at("batch_size"), 5);
}

TEST_F(TrainRuns, a_run_without_run_json_is_resumed_with_its_flags_and_configuration) {
  train(fresh());
  fs::remove(path("run") + "/run.json");
  EXPECT_THAT(train("--resume", 2).err, HasSubstr("needs --data and --config and --model-key"));
  train("--resume --epochs 3 " + fresh());
  EXPECT_EQ(epochs(), 3u);
}

TEST_F(TrainRuns, a_limit_of_steps_is_not_taken_over) {
  const auto stopped = parse_json(train(fresh() + "--max-steps 1 --json").out, "train");
  EXPECT_EQ(stopped.at("finished"), false);
  EXPECT_EQ(parse_json(train("--resume --json").out, "train").at("finished"), true);
}

TEST_F(TrainRuns, what_cannot_change_says_why_and_names_init) {
  train(fresh());
  const std::string init = "--init " + path("run") + "/last.pt";
  EXPECT_THAT(train("--resume --epochs 4 --learning-rate 0.5", 2).err,
              AllOf(HasSubstr("the run began with --learning-rate = 0.02, not 0.5"),
                    HasSubstr("order, schedule and averages"), HasSubstr(init)));
  EXPECT_THAT(train("--resume --epochs 4 --tokenizer word", 2).err,
              AllOf(HasSubstr("--tokenizer \"character\", not \"word\""), HasSubstr(init)));
  write_config(4, 16);
  EXPECT_THAT(train("--resume " + fresh(), 2).err, HasSubstr("is not the model"));
  EXPECT_EQ(epochs(), 2u);
  write_config(4);
  train("--resume --epochs 3 " + fresh());
  EXPECT_EQ(epochs(), 3u);
}

TEST_F(TrainRuns, another_contract_of_the_data_is_noticed) {
  train(fresh());
  Json info = load_json(path("data") + "/dataset.json");
  info["signal"]["notch_hz"] = 30;
  write_text_file(path("data") + "/dataset.json", info.dump());
  EXPECT_THAT(train("--resume --epochs 3", 2).err,
              AllOf(HasSubstr("signal contract of"), HasSubstr("--init")));
}

TEST_F(TrainRuns, what_is_missing_is_named_at_once) {
  const auto result = run_nest("train", 2);
  EXPECT_THAT(result.err, HasSubstr("needs --output and --data and --config and --model-key"));
  EXPECT_EQ(std::ranges::count(result.err, '\n'), 1);
}

TEST_F(TrainRuns, utterances_that_cannot_be_used_are_named_and_counted) {
  fs::remove(path("data") + "/signals/u00001.npy");
  std::ofstream(path("data") + "/manifest.jsonl", std::ios::app) << "{\"id\": 7}\n";
  const auto result = train(fresh() + "--json");
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("2 of 21 utterances are left out"), HasSubstr("1 bad-line (line 21)"),
                    HasSubstr("1 missing-file (u00001)")));
  const Json left_out = parse_json(result.out, "train").at("left_out").at("utterances");
  ASSERT_EQ(left_out.size(), 2u);
  EXPECT_EQ(left_out.at(1).at("id"), "u00001");
}

TEST_F(TrainRuns, texts_too_long_for_their_signal_are_named) {
  std::string manifest;
  for (const std::string& line : read_lines(path("data") + "/manifest.jsonl")) {
    Json utterance = parse_json(line, "manifest");
    if (utterance.at("id") == "u00002") utterance["text"] = std::string(4000, 'a');
    manifest += utterance.dump() + "\n";
  }
  write_text_file(path("data") + "/manifest.jsonl", manifest);
  const auto result = train(fresh() + "--json");
  EXPECT_THAT(result.err, HasSubstr("text too long for their frames and are left out: u00002"));
  EXPECT_THAT(result.err, HasSubstr("1 targets too long"));
  EXPECT_EQ(parse_json(result.out, "train").at("left_out").at("long_texts"),
            Json::array({"u00002"}));
}

TEST_F(TrainRuns, off_a_terminal_an_epoch_is_one_readable_line) {
  const std::string err = train(fresh()).err;
  EXPECT_THAT(err, AllOf(HasSubstr("info: epoch 1/2: training loss "),
                         HasSubstr("info: epoch 2/2: training loss "), HasSubstr(" WER "),
                         Not(HasSubstr("{"))));
  EXPECT_TRUE(parse_json(read_lines(path("run") + "/log.jsonl").front(), "log").contains("wer"));
}

TEST_F(TrainRuns, a_prepared_file_as_a_start_is_called_by_its_name) {
  train(fresh());
  run_nest("convert " + path("run") + "/best.pt " + path("m.prepared"), 0);
  const auto result =
      run_nest("train --out " + path("other") + " --init " + path("m.prepared") + " " + fresh(), 2);
  EXPECT_THAT(result.err, HasSubstr("m.prepared is prepared for the native runtime"));
}

TEST_F(TrainRuns, the_folder_can_be_looked_into) {
  train(fresh());
  const std::string text = run_nest("inspect " + path("run"), 0).out;
  EXPECT_THAT(text, AllOf(HasSubstr("run  2 epochs done of 2"), HasSubstr("best"),
                          HasSubstr("m.yaml, tiny"), HasSubstr("model tiny (ctc)")));
  const Json json = parse_json(run_nest("inspect --json " + path("run"), 0).out, "inspect");
  EXPECT_EQ(json.at("kind"), "run");
  EXPECT_EQ(json.at("history").size(), 2u);
}

TEST_F(TrainRuns, the_first_example_is_small_and_complete) {
  const fs::path configs = test::tests_dir().parent_path() / "configs";
  const auto result = test::run_nest(NEST_BINARY,
                                     "train --max-steps 1 --json --data " + path("data") +
                                         " --config " + (configs / "first.yaml").string() +
                                         " --model-key first --out " + path("first"),
                                     16'000'000);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_LE(parse_json(result.out, "train").at("options").at("epochs").get<int>(), 40);
}

}  // namespace
}  // namespace nest
