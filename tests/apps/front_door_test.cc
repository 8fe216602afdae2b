// From a recording or a foreign model to text, and what the command says when something is missing.
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/io/checkpoint.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FrontDoor : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = std::make_unique<test::TempDir>();
    succeed("synth --seed 5 --rate 125 --sentences 20 --recording-sentences 2 --out " +
            path("data") + " --recording " + path("r.edf"));
    succeed("convert --precision int8 " + model() + " " + path("m.prepared"));
  }
  static void TearDownTestSuite() { dir_.reset(); }

  static test::CommandResult nest(const std::string& arguments) {
    return test::run_nest(NEST_BINARY, arguments, 16'000'000);
  }
  static std::string succeed(const std::string& arguments) {
    const auto result = nest(arguments);
    EXPECT_EQ(result.exit_code, 0) << arguments << "\n" << result.err;
    return result.out;
  }
  static std::string refused(const std::string& arguments, int code) {
    const auto result = nest(arguments);
    EXPECT_EQ(result.exit_code, code) << arguments << "\n" << result.err;
    EXPECT_THAT(result.err, StartsWith("error: "));
    return result.err;
  }
  static std::string model() {
    return (test::tests_dir().parent_path() / "models/synth_ctc.pt").string();
  }
  static std::string path(const std::string& name) { return (*dir_ / name).string(); }
  /// Texts of `nest decode --json`.
  static std::vector<std::string> texts(const std::string& arguments) {
    std::vector<std::string> all;
    std::istringstream lines(succeed("decode --json " + arguments));
    for (std::string line; std::getline(lines, line);) {
      all.push_back(parse_json(line, "decode").at("text").get<std::string>());
    }
    return all;
  }
  static inline std::unique_ptr<test::TempDir> dir_;
};

TEST_F(FrontDoor, a_recording_is_decoded_to_what_the_benchmark_finds_in_it) {
  succeed("import --format annotations --in " + path("r.edf") + " --out " + path("imported"));
  succeed("benchmark --replicates 50 --split train --model " + model() + " --data " +
          path("imported") + " --output " + path("imported.json"));
  std::vector<std::string> wanted;
  const Json results = load_json(path("imported.json"));
  for (const Json& u : results.at("utterances")) {
    wanted.push_back(u.at("hypothesis").get<std::string>());
  }
  ASSERT_EQ(wanted.size(), 2u);
  const std::string decode = "--model " + model() + " --input " + path("r.edf");
  EXPECT_EQ(texts(decode + " --cut annotations"), wanted);
  const auto whole = texts(decode);
  ASSERT_EQ(whole.size(), 1u);
  EXPECT_GT(whole.front().size(), wanted.front().size());
}

TEST_F(FrontDoor, an_array_of_samples_is_decoded_once_it_is_said_what_it_holds) {
  const std::string array = path("data") + "/signals/u00000.npy";
  const std::string decode = "decode --model " + model() + " --input " + array;
  EXPECT_THAT(refused(decode, 2), HasSubstr("--rate"));
  EXPECT_THAT(refused(decode + " --rate 125", 3), HasSubstr("--unit"));
  EXPECT_THAT(refused(decode + " --rate 250 --unit V", 3), HasSubstr("--resample"));
  succeed(decode + " --rate 250 --unit V --resample");
  const std::string first = load_json(path("data") + "/dataset.json").at("signal").at("unit");
  EXPECT_EQ(first, "V");
  const auto of_data = texts("--model " + model() + " --split '' --data " + path("data"));
  EXPECT_EQ(texts("--model " + model() + " --rate 125 --unit V --input " + array).front(),
            of_data.front());
}

TEST_F(FrontDoor, the_benchmark_says_first_what_runs_in_which_precision) {
  const std::string on_data = " --replicates 50 --split train --data " + path("data");
  EXPECT_THAT(succeed("benchmark --model " + model() + on_data),
              testing::ContainsRegex("^[^\n]* on native [^\n]*fp32[^\n]*greedy"));
  EXPECT_THAT(succeed("benchmark --model " + path("m.prepared") + on_data),
              testing::ContainsRegex("^[^\n]* on native [^\n]*int8"));
  EXPECT_THAT(refused("benchmark --precision bf16 --model " + path("m.prepared") + on_data, 2),
              AllOf(HasSubstr("was prepared for int8"), HasSubstr("nest convert")));
}

TEST_F(FrontDoor, a_prepared_file_where_floats_are_needed_is_called_by_its_name) {
  EXPECT_THAT(refused("bench --model " + path("m.prepared"), 2),
              HasSubstr("m.prepared is prepared for the native runtime"));
}

/// The state dict alone, under the names that PyTorch's wrappers give it.
void write_bare(const std::filesystem::path& path, const std::string& prefix) {
  const auto whole = io::read_checkpoint(test::tests_dir().parent_path() / "models/synth_ctc.pt");
  io::Checkpoint bare;
  for (const auto& [name, tensor] : whole.state_dict)
    bare.state_dict.emplace(prefix + name, tensor);
  io::write_checkpoint(path, bare);
}

TEST_F(FrontDoor, a_bare_state_dict_becomes_a_model_that_decodes_alone) {
  const auto whole = io::read_checkpoint(model());
  write_text_file(path("config.json"), whole.model_config.dump());
  const Json& own = whole.extra.at("nest");
  write_text_file(path("contract.json"), own.at("signal").dump());
  write_text_file(path("tokens.json"), own.at("vocabulary").at("tokenizer").dump());
  const auto wanted = texts("--split train --model " + model() + " --data " + path("data"));
  for (const std::string prefix : {"", "module.", "_orig_mod.", "module._orig_mod."}) {
    write_bare(path("bare.pt"), prefix);
    for (const char* out : {"whole.pt", "whole.safetensors", "whole.prepared"}) {
      succeed("convert " + path("bare.pt") + " " + path(out) + " --config " + path("config.json") +
              " --tokenizer " + path("tokens.json") + " --contract " + path("contract.json"));
      EXPECT_EQ(texts("--split train --model " + path(out) + " --data " + path("data")), wanted)
          << prefix << " " << out;
    }
  }
  // The dataset's own folder serves as a contract; one of other channels does not.
  succeed("convert " + path("bare.pt") + " " + path("d.pt") + " --config " + path("config.json") +
          " --contract " + path("data"));
  write_text_file(path("few.json"), R"({"rate_hz": 125, "channels": ["Cz"]})");
  EXPECT_THAT(refused("convert " + path("bare.pt") + " " + path("d.pt") + " --config " +
                          path("config.json") + " --contract " + path("few.json"),
                      3),
              HasSubstr("contract of 1 channels, but the model takes 19"));
}

TEST_F(FrontDoor, errors_name_the_verb_that_comes_first) {
  EXPECT_THAT(refused("decode --model " + model() + " --data " + path("nowhere"), 3),
              HasSubstr("no dataset.json: make one with nest import"));
  EXPECT_THAT(refused("decode", 2), HasSubstr("nest decode needs --model, and --data"));
  EXPECT_THAT(refused("inspect " + dir_->path().string(), 3), HasSubstr("nest import makes one"));
  EXPECT_THAT(refused("decode --split valdi --model " + model() + " --data " + path("data"), 3),
              HasSubstr("there are: 'test', 'train', 'valid'"));
  write_bare(path("bare.pt"), "");
  write_text_file(path("config.json"), io::read_checkpoint(model()).model_config.dump());
  EXPECT_THAT(refused("decode --log-level off --model " + path("bare.pt") + " --config " +
                          path("config.json") + " --input " + path("r.edf"),
                      2),
              HasSubstr("nest convert with `contract`"));
}

TEST_F(FrontDoor, a_folder_in_the_place_of_a_file_is_told_what_is_meant) {
  std::filesystem::create_directory(path("run"));
  const std::string decode = "decode --input " + path("r.edf") + " --model " + path("run");
  EXPECT_THAT(refused(decode, 2), HasSubstr("is a folder; a model is a file"));
  std::filesystem::copy_file(model(), path("run") + "/best.pt");
  EXPECT_THAT(refused(decode, 2), HasSubstr("training run; its model is " + path("run")));
  EXPECT_THAT(refused("bench --model " + path("run"), 2), HasSubstr("best.pt"));
  EXPECT_THAT(refused("report " + path("r.edf"), 3),
              HasSubstr("not a results file of nest benchmark"));
}

TEST_F(FrontDoor, datasets_and_results_can_be_looked_into) {
  EXPECT_THAT(
      succeed("inspect " + path("data")),
      AllOf(StartsWith("dataset  "), HasSubstr("19 channels at 125 Hz"), HasSubstr("train")));
  EXPECT_EQ(parse_json(succeed("inspect --json " + path("data")), "inspect").at("kind"), "dataset");
  succeed("benchmark --replicates 50 --split train --model " + model() + " --data " + path("data") +
          " --output " + path("r.json"));
  EXPECT_THAT(succeed("inspect " + path("r.json")),
              AllOf(StartsWith("results  "), HasSubstr("utterances decoded"), HasSubstr("WER")));
  EXPECT_EQ(parse_json(succeed("inspect --json " + path("r.json")), "inspect").at("kind"),
            "results");
}

}  // namespace
}  // namespace nest
