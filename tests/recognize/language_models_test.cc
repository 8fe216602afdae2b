#include "nest/recognize/language_models.h"

#include <fstream>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "tests/recognize/toy.h"
#include "tests/support/temp_dir.h"

namespace nest::recognize {
namespace {

class Languages : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  ErrorCode code_of(const std::string& file, std::shared_ptr<const text::Tokenizer> tokenizer) {
    try {
      LanguageModels(std::move(tokenizer)).language_model(file, decode::LmUnit::kWord);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  }
  test::TempDir dir_;
  LanguageModels languages_{toy::tokenizer()};
};

TEST_F(Languages, an_ngram_is_read_once_and_shared) {
  toy::write_arpa(path("lm.arpa"));
  const auto first = languages_.language_model(path("lm.arpa"), decode::LmUnit::kWord);
  std::filesystem::remove(path("lm.arpa"));  // whoever read it again would fail
  EXPECT_EQ(languages_.language_model(path("lm.arpa"), decode::LmUnit::kWord), first);
  EXPECT_NE(languages_.language_model(path("lm.arpa"), decode::LmUnit::kChar), first);
  EXPECT_EQ(languages_.files_read(), 1u);
}

TEST_F(Languages, a_network_is_read_once_and_each_caller_has_its_own_cache) {
  deploy::save_model(toy::lm_model(*toy::tokenizer()), path("lm.safetensors"));
  const auto first = languages_.language_model(path("lm.safetensors"), decode::LmUnit::kWord);
  std::filesystem::remove(path("lm.safetensors"));
  const auto second = languages_.language_model(path("lm.safetensors"), decode::LmUnit::kWord);
  EXPECT_NE(first, second);
  EXPECT_FALSE(first->is_shareable());
  EXPECT_EQ(first->finish(first->begin()), second->finish(second->begin()));
  EXPECT_EQ(languages_.files_read(), 1u);
}

TEST_F(Languages, a_word_list_is_read_once_and_shared) {
  std::ofstream(path("words.txt")) << "ab\r\n\ncd\n";
  const auto first = languages_.vocabulary(path("words.txt"));
  std::filesystem::remove(path("words.txt"));
  EXPECT_EQ(languages_.vocabulary(path("words.txt")), first);
  EXPECT_NE(first->lexicon.walk(0, "cd"), decode::Lexicon::kNone);
  std::ofstream(path("empty.txt")) << "\n\n";
  EXPECT_THROW(languages_.vocabulary(path("empty.txt")), Error);
}

TEST_F(Languages, what_cannot_be_bound_to_the_tokenizer_is_an_error) {
  toy::write_arpa(path("lm.arpa"));
  EXPECT_EQ(code_of(path("lm.arpa"), nullptr), ErrorCode::kInvalidArgument);
  deploy::save_model(toy::lm_model(*toy::tokenizer("xy")), path("other.pt"));
  EXPECT_EQ(code_of(path("other.pt"), toy::tokenizer()), ErrorCode::kDataCorrupt);
  deploy::save_model(toy::ctc_model(), path("ctc.pt"));
  EXPECT_EQ(code_of(path("ctc.pt"), toy::tokenizer()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(path("none.arpa"), toy::tokenizer()), ErrorCode::kNotFound);
}

TEST_F(Languages, guides_hold_what_the_options_name_and_nothing_else) {
  toy::write_arpa(path("lm.arpa"));
  decode::DecodeOptions options;
  EXPECT_EQ(make_fusion(options, languages_), nullptr);
  options.beam_size = options.nbest = 3;
  options.rescore_lm = path("lm.arpa");
  const decode::Guides rescoring = make_guides(options, languages_);
  EXPECT_EQ(rescoring.fusion, nullptr);
  EXPECT_EQ(rescoring.rescorer, languages_.language_model(path("lm.arpa"), decode::LmUnit::kWord));
  options.lm = path("lm.arpa");
  options.hotwords = {"ab"};
  options.banned_tokens = {5};
  const decode::Guides both = make_guides(options, languages_);
  EXPECT_TRUE(both.fusion->is_shareable());
  EXPECT_TRUE(std::isinf(both.fusion->upper_bound(5)));
  EXPECT_EQ(languages_.files_read(), 1u);
}

}  // namespace
}  // namespace nest::recognize
