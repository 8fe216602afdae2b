#include "nest/synth/generator.h"

#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/error.h"

namespace nest::synth {
namespace {

SynthOptions eight_channels() {
  SynthOptions options;
  options.channels = 8;
  options.rate_hz = 128;
  return options;
}

TEST(Generator, the_same_script_gives_the_same_bits) {
  const Generator a(eight_channels());
  const Generator b(eight_channels());
  const Script script = a.plan("anna sees the cat", 1, 0, 7);
  EXPECT_TRUE(bit_equal(a.render(script), b.render(b.plan("anna sees the cat", 1, 0, 7))));
}

TEST(Generator, seed_stream_subject_and_session_each_change_the_signal) {
  SynthOptions other = eight_channels();
  other.seed = 2;
  const Generator generator(eight_channels());
  const std::string text = "the dog runs here";
  const Tensor signal = generator.render(generator.plan(text, 0, 0, 1));
  const auto differs = [&](const Tensor& changed) {
    return changed.shape() != signal.shape() || !bit_equal(changed, signal);
  };
  EXPECT_TRUE(differs(generator.render(generator.plan(text, 0, 0, 2))));
  EXPECT_TRUE(differs(generator.render(generator.plan(text, 1, 0, 1))));
  EXPECT_TRUE(differs(generator.render(generator.plan(text, 0, 1, 1))));
  EXPECT_TRUE(differs(Generator(other).render(Generator(other).plan(text, 0, 0, 1))));
}

TEST(Generator, signal_to_noise_ratio_is_what_was_asked_for) {
  for (const double snr_db : {-10.0, 0.0, 5.0}) {
    SynthOptions options = eight_channels();
    options.snr_db = snr_db;
    const Generator generator(options);
    const Script script = generator.plan("she likes the old river", 0, 1, 3);
    const Generator::Parts parts = generator.render_parts(script);
    const double ratio =
        generator.band_power(parts.evoked, script) / generator.band_power(parts.background, script);
    EXPECT_NEAR(10 * std::log10(ratio), snr_db, 1e-6);
  }
}

TEST(Generator, noise_only_is_the_same_noise_without_the_evoked_part) {
  SynthOptions options = eight_channels();
  options.blinks_per_min = 0;
  options.muscle_per_min = 0;
  options.dead_probability = 0;
  const Generator evoked(options);
  options.noise_only = true;
  const Generator control(options);
  const Script script = evoked.plan("we find books", 0, 0, 5);
  const Tensor with = evoked.render(script);
  const Tensor without = control.render(script);
  const Tensor part = evoked.render_parts(script).evoked;
  ASSERT_EQ(with.shape(), without.shape());
  const auto samples = static_cast<std::size_t>(with.dim(1));
  // The difference is the evoked part times the channel's gain.
  for (std::size_t c = 0; c < 8; ++c) {
    double product = 0, power = 0, rest = 0;
    for (std::size_t t = 0; t < samples; ++t) {
      const std::size_t i = c * samples + t;
      const double difference = static_cast<double>(with.data<float>()[i]) -
                                static_cast<double>(without.data<float>()[i]);
      product += difference * part.data<double>()[i];
      power += part.data<double>()[i] * part.data<double>()[i];
    }
    const double gain = product / power;
    EXPECT_GT(gain, 0.6);
    EXPECT_LT(gain, 1.6);
    for (std::size_t t = 0; t < samples; ++t) {
      const std::size_t i = c * samples + t;
      const double difference = static_cast<double>(with.data<float>()[i]) -
                                static_cast<double>(without.data<float>()[i]);
      rest += std::pow(difference - gain * part.data<double>()[i], 2);
    }
    EXPECT_LT(rest, 1e-6 * power);
  }
}

TEST(Generator, control_does_not_depend_on_what_is_said) {
  SynthOptions options = eight_channels();
  options.noise_only = true;
  options.char_jitter = 0;
  const Generator generator(options);
  EXPECT_TRUE(bit_equal(generator.render(generator.plan("the cat runs", 0, 0, 5)),
                        generator.render(generator.plan("mice see him", 0, 0, 5))));
}

TEST(Generator, background_has_the_root_mean_square_that_was_asked_for) {
  SynthOptions options = eight_channels();
  options.alpha_uv = 0;
  const Generator generator(options);
  double sum = 0;
  std::int64_t count = 0;
  for (std::uint64_t stream = 0; stream < 20; ++stream) {
    const Tensor noise =
        generator.render_parts(generator.plan("everyone loves the quiet lake", 0, 0, stream))
            .background;
    for (const double value : noise.data<double>()) sum += value * value;
    count += noise.numel();
  }
  EXPECT_NEAR(std::sqrt(sum / static_cast<double>(count)) * 1e6, options.background_uv,
              0.15 * options.background_uv);
}

TEST(Generator, unknown_characters_and_people_are_errors) {
  const Generator generator(eight_channels());
  EXPECT_THROW(generator.plan("Ärger", 0, 0, 1), Error);
  EXPECT_THROW(generator.plan("cat", 2, 0, 1), Error);
  SynthOptions options = eight_channels();
  options.channels = 65;
  EXPECT_THROW(Generator{options}, Error);
}

}  // namespace
}  // namespace nest::synth
