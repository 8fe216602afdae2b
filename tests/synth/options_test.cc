#include "nest/synth/options.h"

#include "tests/support/options_laws.h"

namespace nest::synth {
namespace {

TEST(SynthOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  SynthOptions changed;
  changed.seed = 7;
  changed.sentences = 40;
  changed.channels = 8;
  changed.rate_hz = 128;
  changed.snr_db = 3.5;
  changed.noise_only = true;
  changed.mains_hz = 60;
  test::expect_options_laws(SynthOptions{}, changed);
}

TEST(SynthOptions, threads_do_not_describe_a_corpus) {
  EXPECT_FALSE(nest::to_json(SynthOptions{.threads = 3}).contains("threads"));
}

TEST(SynthOptions, mains_above_half_the_rate_are_refused) {
  try {
    validate(SynthOptions{.rate_hz = 100, .mains_hz = 60});
    FAIL() << "accepted";
  } catch (const FieldError& error) {
    EXPECT_STREQ(error.what(), "`mains_hz` is 60; it must be at most 50, half of `rate_hz`");
  }
}

}  // namespace
}  // namespace nest::synth
