#include "reference/ctc_beam.h"

#include <gtest/gtest.h>

#include "fakes.h"
#include "nest/core/error.h"

namespace nest::decode {
namespace {

/// A random bigram over `vocab` tokens "t0", "t1", ... with back-off weights, some above 1.
std::shared_ptr<const NGram> random_bigram(Rng& rng, int vocab) {
  std::string unigrams, bigrams;
  int count = 0;
  for (int i = 1; i < vocab; ++i) {
    unigrams += fmt::format("{:.4f}\tt{}\t{:.4f}\n", -3 * rng.uniform(), i, 0.3 - rng.uniform());
    for (int j = 1; j < vocab; ++j) {
      if (rng.uniform() > 0.2) continue;
      bigrams += fmt::format("{:.4f}\tt{} t{}\n", -2 * rng.uniform(), i, j);
      ++count;
    }
  }
  return NGram::from_arpa(
      fmt::format("\\data\\\nngram 1={}\nngram 2={}\n\n\\1-grams:\n-99\t<s>\t-0.3\n-1\t</s>\n"
                  "{}\n\\2-grams:\n{}\n\\end\\\n",
                  vocab + 1, count, unigrams, bigrams),
      "random");
}

std::shared_ptr<const Fusion> random_fusion(Rng& rng, int vocab) {
  FusionParts parts;
  std::vector<std::string> pieces;
  for (int i = 0; i < vocab; ++i) pieces.push_back(fmt::format("t{}", i));
  parts.lm = make_token_lm(random_bigram(rng, vocab), pieces);
  parts.lm_weight = 0.8;
  parts.token_bonus = 0.4;
  const std::vector<std::vector<TokenId>> phrases{{1, 2, 3}, {2, 4}, {5}};
  parts.hotwords = std::make_shared<Hotwords>(phrases, 0.9);
  parts.banned = {6};
  return std::make_shared<Fusion>(parts);
}

TEST(CtcBeam, skipping_hopeless_tokens_changes_nothing) {
  Rng rng(17);
  for (int round = 0; round < 40; ++round) {
    const int vocab = 8 + round % 20;
    const auto rows = fakes::random_log_probs(rng, 20, vocab, 0.5 + 0.1 * round);
    const auto fusion =
        round % 2 == 0 ? std::make_shared<const Fusion>() : random_fusion(rng, vocab);
    DecodeOptions options;
    options.beam_size = 2 + round % 9;
    options.nbest = options.beam_size;
    BeamSearchDecoder decoder({.family = graph::Family::kCtc, .vocab_size = vocab}, options,
                              fusion);
    decoder.begin();
    decoder.step(rows);
    const auto nbest = decoder.nbest();  // before end(): no closing scores
    const auto expected = reference::ctc_beam(rows, static_cast<std::size_t>(vocab),
                                              static_cast<std::size_t>(options.beam_size), *fusion);
    ASSERT_EQ(nbest.size(), expected.size());
    for (std::size_t i = 0; i < nbest.size(); ++i) {
      EXPECT_NEAR(nbest[i].score, expected[i].first, 1e-9) << "round " << round;
      EXPECT_EQ(nbest[i].tokens, expected[i].second) << "round " << round;
    }
  }
}

TEST(CtcBeam, nan_in_a_frame_is_an_error_that_names_it) {
  BeamSearchDecoder decoder({.family = graph::Family::kCtc, .vocab_size = 2}, {});
  decoder.begin();
  const std::vector<float> rows{-0.7f, -0.7f, -0.7f, NAN};
  try {
    decoder.step(rows);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "frame 1 holds NaN");
  }
}

TEST(CtcBeam, impossible_emissions_leave_the_empty_hypothesis) {
  const std::vector<float> rows(6, -INFINITY);
  const auto nbest =
      BeamSearchDecoder({.family = graph::Family::kCtc, .vocab_size = 3}, {}).decode(rows);
  ASSERT_EQ(nbest.size(), 1u);
  EXPECT_TRUE(nbest[0].tokens.empty());
}

TEST(CtcBeam, no_frames_give_the_empty_hypothesis) {
  const auto nbest =
      BeamSearchDecoder({.family = graph::Family::kCtc, .vocab_size = 3}, {}).decode({});
  ASSERT_EQ(nbest.size(), 1u);
  EXPECT_EQ(nbest[0].score, 0);
}

TEST(CtcBeam, temperature_flattens_confidence) {
  const std::vector<float> rows{-5.0f, -0.0067f, -12.0f};
  const SearchSpace space{.family = graph::Family::kCtc, .vocab_size = 3};
  DecodeOptions options;
  const auto sharp = BeamSearchDecoder(space, options).decode(rows);
  options.temperature = 4;
  const auto flat = BeamSearchDecoder(space, options).decode(rows);
  EXPECT_GT(sharp[0].confidences[0], 0.99);
  EXPECT_LT(flat[0].confidences[0], 0.8);
  options.temperature = 1;
  options.confidence_temperature = 4;
  const auto calibrated = BeamSearchDecoder(space, options).decode(rows);
  EXPECT_EQ(calibrated[0].log_prob, sharp[0].log_prob) << "calibration only touches confidences";
  EXPECT_NEAR(calibrated[0].confidences[0], 1 / (1 + std::exp(-std::log(0.99332 / 0.00668) / 4)),
              1e-3);
}

TEST(CtcBeam, closed_vocabulary_lets_only_listed_words_through) {
  const std::vector<std::string> pieces{"<blank>", " ", "a", "b", "c"};
  const std::vector<std::string> words{"ab", "cab"};
  FusionParts parts;
  parts.vocabulary = std::make_shared<ClosedVocabulary>(
      ClosedVocabulary{Lexicon(words), make_surfaces(pieces, {0}, false)});
  Rng rng(4);
  const SearchSpace space{.family = graph::Family::kCtc, .vocab_size = 5};
  DecodeOptions options;
  options.beam_size = 30;
  options.nbest = 30;
  for (int round = 0; round < 10; ++round) {
    const auto rows = fakes::random_log_probs(rng, 12, 5);
    BeamSearchDecoder decoder(space, options, std::make_shared<Fusion>(parts));
    for (const Hypothesis& h : decoder.decode(rows)) {
      std::string text;
      for (TokenId t : h.tokens) text += pieces[static_cast<std::size_t>(t)];
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::string word = text.substr(at, end - at);
        EXPECT_TRUE(word.empty() || word == "ab" || word == "cab") << text;
        at = end + 1;
      }
    }
  }
}

}  // namespace
}  // namespace nest::decode
