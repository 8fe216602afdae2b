#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "fakes.h"

namespace nest::decode {
namespace {

using fakes::Scores;

constexpr int kUnbounded = 20000;

DecodeOptions unbounded() {
  DecodeOptions options;
  options.beam_size = kUnbounded;
  options.nbest = kUnbounded;
  return options;
}

/// The decoder found every sequence, each with its score, in order.
void expect_equal(const std::vector<Hypothesis>& nbest, const Scores& expected,
                  const std::string& what) {
  ASSERT_EQ(nbest.size(), expected.size()) << what;
  for (std::size_t i = 0; i < nbest.size(); ++i) {
    const auto it = expected.find(nbest[i].tokens);
    ASSERT_NE(it, expected.end()) << what;
    EXPECT_NEAR(nbest[i].score, it->second, 1e-6) << what;
    if (i > 0) {
      EXPECT_GE(nbest[i - 1].score, nbest[i].score) << what;
    }
    EXPECT_EQ(nbest[i].times.size(), nbest[i].tokens.size());
    EXPECT_EQ(nbest[i].confidences.size(), nbest[i].tokens.size());
  }
}

Scores all_ctc(std::span<const float> rows, std::int64_t frames, std::int64_t vocab) {
  Scores sums;
  std::vector<TokenId> alignment(static_cast<std::size_t>(frames));
  const std::function<void(std::size_t, double)> visit = [&](std::size_t t, double log_prob) {
    if (t == alignment.size()) {
      std::vector<TokenId> tokens;
      for (std::size_t i = 0; i < t; ++i) {
        if (alignment[i] != 0 && (i == 0 || alignment[i] != alignment[i - 1])) {
          tokens.push_back(alignment[i]);
        }
      }
      const auto [it, is_new] = sums.try_emplace(tokens, log_prob);
      if (!is_new) it->second = fakes::add_logs(it->second, log_prob);
      return;
    }
    for (std::int64_t v = 0; v < vocab; ++v) {
      alignment[t] = static_cast<TokenId>(v);
      visit(t + 1,
            log_prob + rows[t * static_cast<std::size_t>(vocab) + static_cast<std::size_t>(v)]);
    }
  };
  visit(0, 0);
  return sums;
}

void add_fusion(Scores& scores, const Fusion& fusion) {
  for (auto& [tokens, score] : scores) score += fakes::fused(fusion, tokens);
}

TEST(BruteForce, ctc_beam_equals_the_sum_over_all_alignments) {
  Rng rng(11);
  for (std::int64_t frames = 1; frames <= 6; ++frames) {
    for (std::int64_t vocab = 2; vocab <= 4; ++vocab) {
      for (int round = 0; round < 3; ++round) {
        const auto rows = fakes::random_log_probs(rng, frames, vocab);
        SearchSpace space{.family = graph::Family::kCtc, .vocab_size = vocab};
        Scores expected = all_ctc(rows, frames, vocab);
        expect_equal(BeamSearchDecoder(space, unbounded()).decode(rows), expected, "plain");
        const auto fusion = fakes::bigram_fusion(0.7, 0.2);
        add_fusion(expected, *fusion);
        expect_equal(BeamSearchDecoder(space, unbounded(), fusion).decode(rows), expected, "LM");
      }
    }
  }
}

/// Softmaxed row of the fake transducer, in double.
std::vector<double> log_row(std::uint64_t seed, std::int64_t prefix, std::int64_t frame,
                            std::int64_t vocab) {
  std::vector<double> row(static_cast<std::size_t>(vocab));
  double sum = 0;
  for (std::size_t v = 0; v < row.size(); ++v) {
    row[v] = fakes::logit_of(seed, prefix, frame, static_cast<TokenId>(v));
    sum += std::exp(row[v]);
  }
  for (double& x : row) x -= std::log(sum);
  return row;
}

Scores all_rnnt(std::uint64_t seed, std::int64_t frames, std::int64_t vocab, int max_symbols) {
  Scores sums;
  std::vector<TokenId> tokens;
  const std::function<void(std::int64_t, std::int64_t, int, double)> visit =
      [&](std::int64_t t, std::int64_t prefix, int symbols, double log_prob) {
        if (t == frames) {
          const auto [it, is_new] = sums.try_emplace(tokens, log_prob);
          if (!is_new) it->second = fakes::add_logs(it->second, log_prob);
          return;
        }
        const auto row = log_row(seed, prefix, t, vocab);
        visit(t + 1, prefix, 0, log_prob + row[0]);
        if (symbols == max_symbols) return;
        for (TokenId v = 1; v < static_cast<TokenId>(vocab); ++v) {
          tokens.push_back(v);
          visit(t, fakes::next_prefix(prefix, v), symbols + 1,
                log_prob + row[static_cast<std::size_t>(v)]);
          tokens.pop_back();
        }
      };
  visit(0, fakes::next_prefix(0, 0), 0, 0);
  return sums;
}

TEST(BruteForce, rnnt_beam_equals_the_sum_over_all_alignments_with_capped_symbols) {
  for (std::int64_t frames = 1; frames <= 6; ++frames) {
    for (std::int64_t vocab = 2; vocab <= 4; ++vocab) {
      for (int symbols = 1; symbols <= (frames < 4 ? 2 : 1); ++symbols) {
        const auto seed = static_cast<std::uint64_t>(100 * frames + 10 * vocab + symbols);
        fakes::FakeTransducer scorer(seed, vocab);
        SearchSpace space{.family = graph::Family::kTransducer, .vocab_size = vocab};
        space.transducer = &scorer;
        DecodeOptions options = unbounded();
        options.max_symbols = symbols;
        const auto rows = fakes::frame_numbers(frames);
        Scores expected = all_rnnt(seed, frames, vocab, symbols);
        expect_equal(BeamSearchDecoder(space, options).decode(rows), expected, "plain");
        const auto fusion = fakes::bigram_fusion(0.6, -0.1);
        add_fusion(expected, *fusion);
        expect_equal(BeamSearchDecoder(space, options, fusion).decode(rows), expected, "LM");
      }
    }
  }
}

TEST(BruteForce, rnnt_long_narrow_case_equals_enumeration) {
  fakes::FakeTransducer scorer(5, 2);
  SearchSpace space{.family = graph::Family::kTransducer, .vocab_size = 2};
  space.transducer = &scorer;
  DecodeOptions options = unbounded();
  options.max_symbols = 3;
  expect_equal(BeamSearchDecoder(space, options).decode(fakes::frame_numbers(6)),
               all_rnnt(5, 6, 2, 3), "T = 6");
}

/// Every finished sequence of an attention model with the documented score.
Scores all_attention(std::uint64_t seed, std::size_t frames, std::int64_t vocab,
                     const DecodeOptions& o, const Fusion& fusion) {
  Scores scores;
  std::vector<TokenId> tokens;
  const std::function<void(std::int64_t, double, std::vector<double>)> visit =
      [&](std::int64_t prefix, double log_prob, std::vector<double> coverage) {
        const auto row = log_row(seed, prefix, 0, vocab);
        const auto weights = fakes::FakeAttention::attention_of(seed, prefix, frames);
        for (std::size_t k = 0; k < frames; ++k) coverage[k] += weights[k];
        const int length = static_cast<int>(tokens.size()) + 1;
        if (length >= o.min_length) {
          double penalty = 0;
          for (double c : coverage) penalty += std::log(std::min(c, 1.0));
          scores[tokens] = (log_prob + row[1] + fakes::fused(fusion, tokens)) /
                               length_penalty(length, o.length_penalty) +
                           o.coverage_penalty * penalty;
        }
        if (length == o.max_length) return;
        for (TokenId v = 2; v < static_cast<TokenId>(vocab); ++v) {
          tokens.push_back(v);
          visit(fakes::next_prefix(prefix, v), log_prob + row[static_cast<std::size_t>(v)],
                coverage);
          tokens.pop_back();
        }
      };
  visit(fakes::next_prefix(0, 0), 0, std::vector<double>(frames, 0.0));
  return scores;
}

TEST(BruteForce, attention_beam_equals_enumeration_with_penalties_and_lm) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    fakes::FakeAttention scorer(4);
    SearchSpace space{
        .family = graph::Family::kAttention, .vocab_size = 4, .sos_id = 0, .eos_id = 1};
    space.attention = &scorer;
    DecodeOptions options = unbounded();
    options.max_length = 6;
    options.min_length = seed % 2 == 0 ? 3 : 1;
    options.length_penalty = 0.3 * static_cast<double>(seed);
    options.coverage_penalty = 0.1 * static_cast<double>(seed - 1);
    const auto memory = fakes::attention_memory(seed, 3);
    expect_equal(BeamSearchDecoder(space, options).decode(memory),
                 all_attention(seed, 3, 4, options, Fusion()), "plain");
    const auto fusion = fakes::bigram_fusion(0.8);
    expect_equal(BeamSearchDecoder(space, options, fusion).decode(memory),
                 all_attention(seed, 3, 4, options, *fusion), "LM");
  }
}

}  // namespace
}  // namespace nest::decode
