// What holds for every options struct of this module.
#include "nest/text/bleu.h"
#include "nest/text/bootstrap.h"
#include "nest/text/bpe_tokenizer.h"
#include "nest/text/character_tokenizer.h"
#include "nest/text/score.h"
#include "nest/text/sentencepiece_tokenizer.h"
#include "nest/text/word_tokenizer.h"
#include "tests/support/options_laws.h"

namespace nest::text {
namespace {

using test::expect_options_laws;

TEST(TextOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  expect_options_laws(BleuOptions{}, BleuOptions{.tokenization = BleuTokenization::k13a,
                                                 .smoothing = BleuSmoothing::kAddK,
                                                 .smooth_value = 0.5,
                                                 .max_order = 2,
                                                 .effective_order = true});
  expect_options_laws(ScoreOptions{}, ScoreOptions{.normalization = Normalization::kNfc,
                                                   .lowercase = true,
                                                   .bleu_tokenization = BleuTokenization::kChar,
                                                   .bleu_smoothing = BleuSmoothing::kFloor});
  expect_options_laws(
      BootstrapOptions{},
      BootstrapOptions{
          .replicates = 7, .confidence = 0.9, .method = IntervalMethod::kBca, .seed = 3});
  expect_options_laws(BpeOptions{}, BpeOptions{99, 1, false, true});
  expect_options_laws(WordOptions{}, WordOptions{99, 1, WordCharacters::kUnicode});
  expect_options_laws(CharacterOptions{}, CharacterOptions{true, 2});
  expect_options_laws(SentencePieceOptions{},
                      SentencePieceOptions{99, SentencePieceType::kBpe, 0.5});
}

}  // namespace
}  // namespace nest::text
