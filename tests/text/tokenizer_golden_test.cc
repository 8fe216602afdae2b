// Vectors computed with the Python project (see the parity README).
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/text/bpe_tokenizer.h"
#include "nest/text/word_tokenizer.h"
#include "tests/support/paths.h"
#include "tests/support/sentencepiece_golden.h"
#include "tests/support/temp_dir.h"

namespace nest::text {
namespace {

std::filesystem::path folder() {
  return test::parity_folder("tokenizer");
}

class TokenizerGolden : public testing::Test {
 protected:
  void SetUp() override { examples_ = load_json(folder() / "examples.json"); }
  std::vector<std::string> training_texts() const {
    return examples_.at("training_texts").get<std::vector<std::string>>();
  }
  Json examples_;
};

std::shared_ptr<const Tokenizer> load_compat(const std::filesystem::path& path) {
  Json json = load_json(path);
  json["compat"] = true;
  return tokenizer_from_json(json);
}

TEST(SentencePieceGolden, a_model_file_gives_the_ids_of_the_python_package) {
  test::expect_sentencepiece_as_in_python();
}

TEST_F(TokenizerGolden, bpe_encodes_whole_symbols_by_default_and_substrings_in_compat) {
  int checked = 0;
  for (const auto& [name, entry] : examples_.at("bpe").items()) {
    const auto path = folder() / entry.at("file").get<std::string>();
    const auto standard = load_tokenizer(path);
    const auto compat = load_compat(path);
    for (const Json& example : entry.at("examples")) {
      const auto text = example.at("text").get<std::string>();
      const auto ids = example.at("ids").get<std::vector<int>>();
      EXPECT_EQ(compat->encode(text), ids) << name << ": " << text;
      EXPECT_EQ(standard->encode(text),
                example.at("ids_whole_symbol_merges").get<std::vector<int>>())
          << name << ": " << text;
      EXPECT_EQ(standard->decode(ids), example.at("decoded").get<std::string>());
      ++checked;
    }
    for (const Json& example : entry.at("decode_only")) {
      EXPECT_EQ(standard->decode(example.at("ids").get<std::vector<int>>()),
                example.at("decoded").get<std::string>());
    }
  }
  EXPECT_GT(checked, 30);
}

TEST_F(TokenizerGolden, words_encode_and_decode_as_in_python) {
  int checked = 0;
  for (const auto& [name, entry] : examples_.at("word").items()) {
    const auto tokenizer = load_tokenizer(folder() / entry.at("file").get<std::string>());
    for (const Json& example : entry.at("examples")) {
      const auto ids = example.at("ids").get<std::vector<int>>();
      EXPECT_EQ(tokenizer->encode(example.at("text").get<std::string>()), ids) << name;
      EXPECT_EQ(tokenizer->decode(ids), example.at("decoded").get<std::string>());
      ++checked;
    }
  }
  EXPECT_GT(checked, 10);
}

TEST_F(TokenizerGolden, compat_training_writes_the_files_of_the_python_project) {
  for (const auto& [name, entry] : examples_.at("bpe").items()) {
    BpeOptions options;
    options.vocab_size = entry.at("vocab_size_arg").get<int>();
    options.min_frequency = entry.at("min_frequency").get<int>();
    options.compat = true;
    Json trained = BpeTokenizer::train(training_texts(), options)->to_json();
    EXPECT_TRUE(trained.at("compat").get<bool>());
    trained.erase("compat");
    EXPECT_EQ(trained, load_json(folder() / entry.at("file").get<std::string>())) << name;
  }
}

TEST_F(TokenizerGolden, word_training_writes_the_files_of_the_python_project) {
  for (const auto& [name, entry] : examples_.at("word").items()) {
    const Json expected = load_json(folder() / entry.at("file").get<std::string>());
    WordOptions options;
    options.max_vocab_size = expected.at("max_vocab_size").get<int>();
    options.min_frequency = expected.at("min_frequency").get<int>();
    EXPECT_EQ(WordTokenizer::train(training_texts(), options)->to_json(), expected) << name;
  }
}

TEST_F(TokenizerGolden, saved_files_load_to_the_same_content) {
  for (const char* file : {"bpe_400_min2.json", "word_50_min1.json"}) {
    const auto tokenizer = load_tokenizer(folder() / file);
    const auto path = test::process_temp_dir() / file;
    save_tokenizer(*tokenizer, path);
    EXPECT_EQ(load_tokenizer(path)->tokens(), tokenizer->tokens());
    EXPECT_EQ(load_json(path).at("special_tokens"),
              load_json(folder() / file).at("special_tokens"));
  }
}

}  // namespace
}  // namespace nest::text
