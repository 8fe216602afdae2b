#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/decode/decoder.h"

namespace nest::decode {
namespace {

/// Frames of two tokens and blank: the probability of token 1, then of token 2.
std::vector<float> frames_of(const std::vector<std::pair<double, double>>& probabilities) {
  std::vector<float> frames;
  for (const auto& [one, two] : probabilities)
    for (const double p : {1 - one - two, one, two})
      frames.push_back(std::log(static_cast<float>(p)));
  return frames;
}

const SearchSpace kSpace{.vocab_size = 3};
const std::vector<float> kFrames =
    frames_of({{0.9, 0.05}, {0.6, 0.1}, {0.1, 0.1}, {0.05, 0.7}, {0.1, 0.1}, {0.55, 0.1}});

std::vector<TokenId> said(double min_probability) {
  DecodeOptions options;
  options.min_probability = min_probability;
  return make_decoder(kSpace, options)->decode(kFrames).front().tokens;
}

TEST(CtcGreedy, a_token_less_likely_than_asked_is_silence) {
  EXPECT_EQ(said(0), (std::vector<TokenId>{1, 2, 1}));
  EXPECT_EQ(said(0.65), (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(said(0.8), (std::vector<TokenId>{1}));
  EXPECT_TRUE(said(0.95).empty());
}

TEST(CtcGreedy, a_beam_refuses_a_least_probability) {
  DecodeOptions options;
  options.min_probability = 0.5;
  options.beam_size = 4;
  EXPECT_THROW((void)make_decoder(kSpace, options), Error);
}

TEST(CtcGreedy, the_room_of_a_partial_result_is_used_again) {
  const auto decoder = make_decoder(kSpace, {});
  Partial partial;
  decoder->begin();
  for (std::size_t at = 0; at < kFrames.size(); at += 3) {
    decoder->step(std::span(kFrames).subspan(at, 3));
    decoder->partial_into(partial);
    EXPECT_EQ(partial.committed, decoder->partial().committed);
    EXPECT_TRUE(partial.tentative.empty());
  }
  decoder->end();
  const std::vector<TokenId> first = decoder->nbest().front().tokens;
  decoder->begin();
  decoder->partial_into(partial);
  EXPECT_TRUE(partial.committed.empty());
  decoder->step(kFrames);
  decoder->end();
  EXPECT_EQ(decoder->nbest().front().tokens, first);  // a new utterance begins clean
}

}  // namespace
}  // namespace nest::decode
