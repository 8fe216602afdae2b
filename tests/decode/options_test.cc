#include "nest/decode/options.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/decode/recognizer.h"
#include "nest/decode/scorer.h"

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
    EXPECT_EQ(error.message(), "beam is 0; it must lie between 1 and 100000");
  }
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
