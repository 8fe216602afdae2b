#include "nest/recognize/bundle.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "tests/recognize/toy.h"
#include "tests/support/temp_dir.h"

namespace nest::recognize {
namespace {

class LoadBundle : public testing::Test {
 protected:
  std::filesystem::path save(graph::Model model) const {
    deploy::save_model(model, dir_ / "m.pt");
    return dir_ / "m.pt";
  }
  std::filesystem::path save(const text::Tokenizer& tokenizer, const std::string& name) const {
    text::save_tokenizer(tokenizer, dir_ / name);
    return dir_ / name;
  }
  static graph::Model without_tokenizer() {
    graph::Model model = toy::ctc_model();
    model.vocabulary.tokenizer = nullptr;
    return model;
  }
  test::TempDir dir_;
};

TEST_F(LoadBundle, the_named_tokenizer_comes_before_the_models_own_and_that_before_the_one_beside) {
  const auto other = toy::tokenizer("xy");
  const auto named = save(*other, "named.json");
  save(*other, "tokenizer.json");
  const auto path = save(toy::ctc_model());
  EXPECT_EQ(load_bundle(path).tokenizer->to_json(), toy::tokenizer()->to_json());
  EXPECT_EQ(load_bundle(path, {.tokenizer = named.string()}).tokenizer->to_json(),
            other->to_json());
  save(without_tokenizer());
  EXPECT_EQ(load_bundle(path).tokenizer->to_json(), other->to_json());
  std::filesystem::remove(dir_ / "tokenizer.json");
  EXPECT_EQ(load_bundle(path).tokenizer, nullptr);
}

TEST_F(LoadBundle, a_tokenizer_with_more_tokens_than_the_model_is_data_of_another_model) {
  const auto path = save(without_tokenizer());
  save(*toy::tokenizer("abcdefghijklmnop"), "tokenizer.json");
  try {
    load_bundle(path);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
  }
}

TEST_F(LoadBundle, is_what_load_model_and_tokenizer_finds_with_a_place_for_language_models) {
  const auto path = save(toy::ctc_model());
  const ModelAndTokenizer loaded = load_model_and_tokenizer(path);
  const Bundle bundle = load_bundle(path);
  EXPECT_EQ(nest::to_json(loaded.runnable.model->signal), nest::to_json(bundle.model().signal));
  EXPECT_EQ(loaded.tokenizer->to_json(), bundle.tokenizer->to_json());
  EXPECT_EQ(bundle.languages->tokenizer(), bundle.tokenizer);
  EXPECT_EQ(bundle.languages->files_read(), 0u);
}

TEST_F(LoadBundle, copies_share_everything) {
  const Bundle bundle = load_bundle(save(toy::ctc_model()));
  const Bundle copy = bundle;
  EXPECT_EQ(copy.runnable.model, bundle.runnable.model);
  EXPECT_EQ(copy.runnable.prepared, bundle.runnable.prepared);
  EXPECT_EQ(copy.languages, bundle.languages);
}

TEST_F(LoadBundle, a_model_in_memory_brings_its_own_tokenizer) {
  EXPECT_EQ(make_bundle(make_runnable(toy::ctc_model())).tokenizer->to_json(),
            toy::tokenizer()->to_json());
  EXPECT_EQ(make_bundle(make_runnable(without_tokenizer())).tokenizer, nullptr);
}

}  // namespace
}  // namespace nest::recognize
