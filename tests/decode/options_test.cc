#include "nest/decode/options.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/decode/ngram_train.h"
#include "nest/decode/recognizer.h"
#include "nest/decode/scorer.h"
#include "tests/support/options_laws.h"

namespace nest::decode {
namespace {

TEST(DecodeOptions, defaults_are_valid) {
  EXPECT_NO_THROW(validate(DecodeOptions{}));
}

TEST(DecodeOptions, a_bad_value_names_option_value_and_limit) {
  DecodeOptions options;
  options.beam_size = 0;
  try {
    validate(options);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "`beam_size` is 0; it must be from 1 to 100000");
  }
}

TEST(DecodeOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  DecodeOptions changed;
  changed.beam_size = 5;
  changed.nbest = 3;
  changed.blank_skip = 0.99;
  changed.max_symbols = 2;
  changed.length_convention = LengthConvention::kWithSosAndEos;
  changed.include_unfinished = true;
  changed.lm = "words.arpa";
  changed.lm_unit = LmUnit::kChar;
  changed.hotwords = {"yes", "no, thanks"};
  changed.banned_tokens = {3, 4};
  changed.confidence_temperature = 1.25;
  test::expect_options_laws(DecodeOptions{}, changed);
  test::expect_options_laws(NGramTrainOptions{}, NGramTrainOptions{5});
}

TEST(DecodeOptions, greedy_refuses_outside_knowledge_it_would_ignore) {
  DecodeOptions options;
  options.lm = "x.arpa";
  EXPECT_THROW(validate(options), Error);
  options.beam_size = 4;
  EXPECT_NO_THROW(validate(options));
}

TEST(DecodeOptions, length_penalty_is_that_of_wu_et_al) {
  EXPECT_DOUBLE_EQ(length_penalty(1, 0.6), 1.0);
  EXPECT_NEAR(length_penalty(5, 0.6), 1.3586551826765378, 1e-15);
  EXPECT_NEAR(length_penalty(100, 1.0), 17.5, 1e-12);
}

}  // namespace
}  // namespace nest::decode
