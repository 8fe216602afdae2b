// What holds for the flags of every verb.
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/io/checkpoint.h"
#include "nest/text/character_tokenizer.h"
#include "tests/apps/binary.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using test::nest;

/// The verbs that the help lists; `train` only if this build has it.
std::vector<std::string> verbs() {
  std::istringstream help(nest("--help").out);
  std::vector<std::string> names;
  bool listed = false;
  for (std::string line; std::getline(help, line);) {
    if (listed && line.starts_with("  ") && line[2] != ' ') {
      names.push_back(line.substr(2, line.find_first_of(", ", 2) - 2));
    }
    listed = listed || line == "Subcommands:";
  }
#ifndef NEST_WITH_TORCH
  std::erase(names, "train");
#endif
  return names;
}

TEST(EveryVerb, prints_json_and_shares_spelling_and_defaults) {
  ASSERT_GE(verbs().size(), 15u);
  for (const std::string& verb : verbs()) {
    const std::string help = nest("help " + verb).out;
    EXPECT_EQ(nest(verb + " --help").out, help) << verb;
    EXPECT_THAT(help, HasSubstr("--json / --no-json [off]")) << verb;
    if (help.find("--threads") != std::string::npos) {
      EXPECT_THAT(help, HasSubstr("--threads INT=1 ")) << verb;
    }
    for (const char* one : {" --out ", " --out,", " --output "}) {
      EXPECT_THAT(help, Not(HasSubstr(one))) << verb << ": both spellings or none";
    }
  }
}

TEST(EveryVerb, errors_are_one_line_with_the_flag_that_is_wrong) {
  for (const auto& [arguments, says] : std::map<std::string, std::string>{
           {"synth --out x --sentences -1", "--sentences is -1; it must be from 3 to 100000"},
           {"synth --out x --mains-hz 200",
            "--mains-hz is 200; it must be at most 125, half of --rate"},
           {"decode", "nest decode needs --model, and --data"},
           {"audit", "nest audit needs --data and --model"},
           {"decode --data d --model m --beem 4", "has no flag --beem; did you mean '--beam'?"},
           {"benchmark", "needs --model and --data, or results files to --merge"},
           {"stream --model m", "nest stream needs --source"},
           {"deocde", "no verb 'deocde'"},
           {"score --ref r --hyp h --interval bcb", "--interval is 'bcb': unknown interval"}}) {
    const auto result = nest(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments;
    EXPECT_TRUE(result.err.starts_with("error: ")) << result.err;
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr(says)) << arguments;
  }
}

TEST(EveryVerb, out_and_output_write_the_same) {
  const test::TempDir dir;
  const std::string synth = "synth --seed 2 --rate 125 --sentences 6 --channels 2 ";
  ASSERT_EQ(nest(synth + "--out " + (dir / "a").string()).exit_code, 0);
  ASSERT_EQ(nest(synth + "--output " + (dir / "b").string() + " --threads 0").exit_code, 0);
  for (const char* file : {"manifest.jsonl", "dataset.json"}) {
    EXPECT_EQ(read_text_file(dir / "a" / file), read_text_file(dir / "b" / file)) << file;
  }
}

TEST(ConvertVerb, a_bare_state_dict_becomes_a_model_that_says_all) {
  const test::TempDir dir;
  const auto whole = io::read_checkpoint(test::tests_dir().parent_path() / "models/synth_ctc.pt");
  io::Checkpoint bare;
  bare.state_dict = whole.state_dict;
  io::write_checkpoint(dir / "bare.pt", bare);
  write_text_file(dir / "model.json", whole.model_config.dump());
  const std::vector<std::string> texts{"abc"};
  text::save_tokenizer(*text::CharacterTokenizer::train(texts), dir / "tokenizer.json");
  const std::string in = "convert " + (dir / "bare.pt").string() + " ";
  const std::string described = " --config " + (dir / "model.json").string() + " --tokenizer " +
                                (dir / "tokenizer.json").string();
  const auto made = nest(in + (dir / "model.safetensors").string() + described);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto model = io::read_checkpoint(dir / "model.safetensors");
  EXPECT_EQ(model.model_config, whole.model_config);
  EXPECT_THAT(model.extra.dump(), HasSubstr("character"));
  EXPECT_EQ(nest(in + (dir / "model.prepared").string() + described).exit_code, 0);

  const auto alone = nest(in + (dir / "model.prepared").string());
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_THAT(alone.err, HasSubstr("name a config file with --config"));
}

}  // namespace
}  // namespace nest
