#include "nest/text/tokenizer.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/text/bpe_tokenizer.h"
#include "nest/text/character_tokenizer.h"
#include "nest/text/sentencepiece_tokenizer.h"
#include "nest/text/word_tokenizer.h"
#include "tests/support/error_of.h"
#include "tests/support/temp_dir.h"

namespace nest::text {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kTexts{"the old man reads a book", "a girl reads the old book",
                                      "the man sees a girl", "naïve reading of the old story",
                                      "low lower lowest new newer newest"};

std::string message_of(const Json& json) {
  return test::error_of([&] { tokenizer_from_json(json, "tok.json"); }, ErrorCode::kDataCorrupt);
}

std::vector<std::shared_ptr<const Tokenizer>> all_kinds() {
  WordOptions words;
  words.min_frequency = 1;
  BpeOptions bpe;
  bpe.vocab_size = 60;
  SentencePieceOptions pieces;
  pieces.vocab_size = 36;
  return {CharacterTokenizer::train(kTexts), WordTokenizer::train(kTexts, words),
          BpeTokenizer::train(kTexts, bpe), SentencePieceTokenizer::train(kTexts, pieces)};
}

TEST(Tokenizer, every_kind_survives_its_own_json_and_decodes_what_it_encoded) {
  for (const auto& tokenizer : all_kinds()) {
    const auto copy = tokenizer_from_json(tokenizer->to_json());
    EXPECT_EQ(copy->kind(), tokenizer->kind());
    EXPECT_EQ(copy->tokens(), tokenizer->tokens());
    EXPECT_EQ(copy->to_json(), tokenizer->to_json());
    for (const std::string& text : {kTexts[0], kTexts[1], kTexts[4]}) {
      EXPECT_EQ(copy->encode(text), tokenizer->encode(text));
      EXPECT_EQ(tokenizer->text_of(tokenizer->encode(text)), text) << tokenizer->kind();
    }
    EXPECT_TRUE(tokenizer->encode("").empty());
    EXPECT_EQ(tokenizer->decode({}), "");
  }
}

TEST(Tokenizer, special_ids_come_first_and_blank_is_padding) {
  for (const auto& tokenizer : all_kinds()) {
    const SpecialIds& ids = tokenizer->special();
    EXPECT_EQ(ids.pad, 0);
    EXPECT_EQ(ids.unk, 1);
    EXPECT_EQ(ids.sos, 2);
    EXPECT_EQ(ids.eos, 3);
    EXPECT_EQ(ids.blank, 0);
    EXPECT_EQ(tokenizer->token(1), "<UNK>");
    EXPECT_THROW(tokenizer->token(tokenizer->size()), Error);
    EXPECT_THROW(tokenizer->token(-1), Error);
  }
}

TEST(Tokenizer, a_blank_token_is_the_blank) {
  const CharacterTokenizer tokenizer(TokenTable({"<BLANK>", "<UNK>", "a"}), {"<BLANK>", "<UNK>"},
                                     false);
  EXPECT_EQ(tokenizer.special().blank, 0);
  EXPECT_EQ(tokenizer.special().pad, -1);
  EXPECT_EQ(tokenizer.text_of(std::vector<int>{0, 2, 0, 2}), "aa");
}

TEST(Tokenizer, text_of_drops_control_tokens_and_keeps_unknown_ones) {
  const auto tokenizer = CharacterTokenizer::train(kTexts);
  std::vector<int> ids = tokenizer->encode("man");
  ids.insert(ids.begin(), {2, 0});
  ids.insert(ids.end(), {1, 3});
  EXPECT_EQ(tokenizer->text_of(ids), "man<UNK>");
  EXPECT_EQ(tokenizer->decode(ids), "<SOS><PAD>man<UNK><EOS>");
}

TEST(Tokenizer, composed_and_decomposed_letters_get_the_same_ids) {
  for (const auto& tokenizer : all_kinds()) {
    if (tokenizer->kind() == "word") continue;  // keeps ASCII only, as in Python
    EXPECT_EQ(tokenizer->encode("nai\xCC\x88ve"), tokenizer->encode("na\xC3\xAFve"));
    EXPECT_THAT(tokenizer->encode("na\xC3\xAFve"), testing::Not(testing::Contains(1)));
  }
}

TEST(Tokenizer, unknown_characters_become_the_unknown_id) {
  const auto tokenizer = CharacterTokenizer::train(kTexts);
  EXPECT_EQ(tokenizer->encode("日"), std::vector<int>{1});
  CharacterOptions rare;
  rare.min_frequency = 2;
  EXPECT_FALSE(CharacterTokenizer::train(kTexts, rare)->find("f").has_value());
}

TEST(Tokenizer, unicode_words_are_kept_on_request) {
  WordOptions options;
  options.min_frequency = 1;
  options.characters = WordCharacters::kUnicode;
  const auto tokenizer = WordTokenizer::train(kTexts, options);
  EXPECT_TRUE(tokenizer->find("naïve").has_value());
  EXPECT_EQ(tokenizer_from_json(tokenizer->to_json())->encode("Naïve"), tokenizer->encode("naïve"));
}

TEST(Tokenizer, bpe_training_fills_the_vocabulary_exactly_and_breaks_ties_by_text) {
  BpeOptions options;
  options.vocab_size = 9;  // 4 special tokens, "</w>", a, b, two merges
  options.min_frequency = 1;
  const auto tokenizer = BpeTokenizer::train(std::vector<std::string>{"ab ba"}, options);
  EXPECT_EQ(tokenizer->size(), 9);
  ASSERT_EQ(tokenizer->merges().size(), 2u);
  EXPECT_EQ(tokenizer->merges()[0], (BpeTokenizer::Merge{"a", "</w>"}));
  EXPECT_EQ(tokenizer->merges()[1], (BpeTokenizer::Merge{"a", "b"}));
  options.vocab_size = 6;
  EXPECT_THROW(BpeTokenizer::train(std::vector<std::string>{"ab ba"}, options), Error);
}

TEST(Tokenizer, bad_files_name_what_is_wrong) {
  EXPECT_THAT(message_of(Json::array()), HasSubstr("tok.json: a tokenizer must be a JSON object"));
  EXPECT_THAT(message_of(Json::object()), HasSubstr("not a tokenizer"));
  EXPECT_THAT(message_of({{"type", "magic"}}), HasSubstr("unknown tokenizer type \"magic\""));
  EXPECT_THAT(message_of({{"merges", Json::array()}}), HasSubstr("\"vocab\" is missing"));
  Json json{{"vocab", {{"<UNK>", 0}, {"a", 2}}}, {"merges", Json::array()}};
  EXPECT_THAT(message_of(json), HasSubstr("token \"a\" has id 2"));
  json["vocab"]["a"] = 0;
  EXPECT_THAT(message_of(json), HasSubstr("id 0 is given to"));
  json["vocab"]["a"] = 1;
  json["merges"] = {{"a"}};
  EXPECT_THAT(message_of(json), HasSubstr("\"merges\" has the wrong type"));
  json["merges"] = Json::array();
  json["vocab"].erase("<UNK>");
  json["vocab"]["a"] = 0;
  EXPECT_THAT(message_of(json), HasSubstr("no \"<UNK>\""));
  EXPECT_THAT(message_of({{"type", "sentencepiece"}, {"model_base64", "AAAA"}}),
              HasSubstr("not a SentencePiece model"));
}

TEST(Tokenizer, special_tokens_are_found_in_any_case) {
  const auto specials = [](std::vector<std::string> tokens) {
    return CharacterTokenizer(TokenTable(std::move(tokens)), {}, false).special();
  };
  const SpecialIds lower = specials({"<pad>", "<unk>", "<s>", "</s>", "<blank>", "a"});
  EXPECT_EQ(lower.pad, 0);
  EXPECT_EQ(lower.unk, 1);
  EXPECT_EQ(lower.sos, 2);
  EXPECT_EQ(lower.eos, 3);
  EXPECT_EQ(lower.blank, 4);
  EXPECT_EQ(specials({"<Unk>", "<SOS>", "<s>"}).sos, 1) << "the long name first";
}

TEST(Tokenizer, sentencepiece_gets_the_text_as_it_is) {
  SentencePieceOptions options;
  options.vocab_size = 36;
  const auto tokenizer = SentencePieceTokenizer::train(kTexts, options);
  // the model's own rule (NFKC) folds what canonical composition leaves alone
  EXPECT_EQ(tokenizer->encode("\xEF\xBC\xA1 girl"), tokenizer->encode("A girl"));
  EXPECT_THROW(tokenizer->encode("\xFF"), Error);
}

TEST(Tokenizer, a_file_with_a_byte_order_mark_loads) {
  const auto tokenizer = CharacterTokenizer::train(kTexts);
  const auto path = test::process_temp_dir() / "marked.json";
  write_text_file(path, "\xEF\xBB\xBF" + tokenizer->to_json().dump());
  EXPECT_EQ(load_tokenizer(path)->tokens(), tokenizer->tokens());
}

TEST(Tokenizer, a_sentencepiece_model_file_loads) {
  SentencePieceOptions options;
  options.vocab_size = 36;
  const auto tokenizer = SentencePieceTokenizer::train(kTexts, options);
  const auto path = test::process_temp_dir() / "text_test.model";
  write_text_file(path, tokenizer->model_bytes());
  EXPECT_EQ(load_tokenizer(path)->tokens(), tokenizer->tokens());
  write_text_file(path, "neither JSON nor a model");
  EXPECT_THROW(load_tokenizer(path), Error);
}

}  // namespace
}  // namespace nest::text
