#include "nest/recognize/recognizer.h"

#include <thread>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/decode/model_recognizer.h"
#include "nest/runtime/executor.h"
#include "tests/recognize/toy.h"
#include "tests/support/temp_dir.h"

namespace nest::recognize {
namespace {

class Recognizers : public testing::Test {
 protected:
  void SetUp() override {
    deploy::save_model(toy::ctc_model(), dir_ / "m.safetensors");
    toy::write_arpa(dir_ / "lm.arpa");
    bundle_ = load_bundle(dir_ / "m.safetensors");
  }
  RecognizeOptions with_lm(int beam_size) const {
    RecognizeOptions options;
    options.decode.beam_size = beam_size;
    options.decode.lm = (dir_ / "lm.arpa").string();
    return options;
  }
  static std::string text_of(decode::Recognizer& recognizer) {
    const Tensor signal = toy::signal(3);
    return recognizer.recognize({&signal, 1}).front().text;
  }
  test::TempDir dir_;
  Bundle bundle_;
};

TEST_F(Recognizers, of_a_suite_share_weights_and_language_model) {
  const auto& prepared = bundle_.runnable.prepared;
  const std::size_t packed = prepared->weight_bytes();
  const long users = prepared.use_count();
  std::vector<std::unique_ptr<decode::Recognizer>> all;
  for (const int beam_size : {2, 5, 10}) {
    all.push_back(make_recognizer(bundle_, with_lm(beam_size)));
    std::filesystem::remove(dir_ / "lm.arpa");
    std::filesystem::remove(dir_ / "m.safetensors");
  }
  EXPECT_EQ(prepared.use_count(), users + 3);
  for (const auto& recognizer : all) {
    text_of(*recognizer);
    EXPECT_EQ(recognizer->weight_bytes(), static_cast<std::int64_t>(packed));
  }
  EXPECT_EQ(prepared->weight_bytes(), packed);
  EXPECT_EQ(bundle_.languages->files_read(), 1u);
}

TEST_F(Recognizers, recognise_what_parts_put_together_by_hand_do) {
  const RecognizeOptions options = with_lm(4);
  const auto made = make_recognizer(bundle_, options);
  runtime::NativeExecutor executor(runtime::prepare(toy::ctc_model()));
  LanguageModels languages(toy::tokenizer());
  decode::ModelRecognizer by_hand(executor, options.decode, toy::tokenizer(),
                                  make_guides(options.decode, languages));
  EXPECT_FALSE(text_of(by_hand).empty());
  EXPECT_EQ(text_of(*made), text_of(by_hand));
  EXPECT_EQ(made->info().at("tokenizer"), "character");
}

TEST_F(Recognizers, of_a_factory_are_made_on_many_threads) {
  const RecognizerFactory factory(bundle_, with_lm(3));
  std::vector<std::string> texts(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& text : texts) {
      threads.emplace_back([&factory, &text] { text = text_of(*factory(1)); });
    }
  }
  for (const std::string& text : texts) EXPECT_EQ(text, texts.front());
  EXPECT_EQ(bundle_.languages->files_read(), 1u);
}

TEST_F(Recognizers, say_at_once_what_is_wrong_with_the_options) {
  RecognizeOptions options;
  options.decode.beam_size = 0;
  EXPECT_THROW(make_recognizer(bundle_, options), Error);
  EXPECT_THROW(RecognizerFactory(bundle_, options), Error);
}

}  // namespace
}  // namespace nest::recognize
