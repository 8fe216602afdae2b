#include <gtest/gtest.h>

#include "fakes.h"

namespace nest::decode {
namespace {

bool bit_equal(const Hypothesis& a, const Hypothesis& b) {
  bool same = a.tokens == b.tokens && a.log_prob == b.log_prob && a.score == b.score &&
              a.lm_log_prob == b.lm_log_prob && a.bonus == b.bonus && a.finished == b.finished &&
              a.confidences == b.confidences && a.times.size() == b.times.size();
  for (std::size_t i = 0; same && i < a.times.size(); ++i) {
    same = a.times[i].start_frame == b.times[i].start_frame &&
           a.times[i].end_frame == b.times[i].end_frame;
  }
  return same;
}

bool bit_equal(const std::vector<Hypothesis>& a, const std::vector<Hypothesis>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Hypothesis& x, const Hypothesis& y) { return bit_equal(x, y); });
}

bool is_prefix(const std::vector<TokenId>& prefix, const std::vector<TokenId>& tokens) {
  return prefix.size() <= tokens.size() && std::equal(prefix.begin(), prefix.end(), tokens.begin());
}

DecodeOptions small_beam() {
  DecodeOptions options;
  options.beam_size = 6;
  options.nbest = 6;
  options.max_symbols = 2;
  options.max_length = 12;
  return options;
}

/// Decodes in random chunks; checks on the way that what is committed stays.
std::vector<Hypothesis> decode_split(Decoder& decoder, std::span<const float> frames,
                                     std::size_t dim, Rng& rng) {
  decoder.begin();
  std::vector<TokenId> committed;
  const std::size_t total = frames.size() / dim;
  for (std::size_t done = 0; done < total;) {
    const std::size_t n = std::min<std::size_t>(rng.below(4), total - done);
    decoder.step(frames.subspan(done * dim, n * dim));
    done += n;
    const Partial partial = decoder.partial();
    EXPECT_TRUE(is_prefix(committed, partial.committed)) << "retracted";
    committed = partial.committed;
  }
  decoder.end();
  const auto nbest = decoder.nbest();
  for (const Hypothesis& h : nbest) EXPECT_TRUE(is_prefix(committed, h.tokens)) << "retracted";
  return nbest;
}

/// 1,000 random splits of random emissions, each against one offline pass of a fresh decoder.
template <class Make>
void expect_chunk_law(Make&& make, std::span<const float> frames, std::size_t dim, int splits) {
  const auto offline = make()->decode(frames);
  const auto streaming = make();
  Rng rng(99);
  for (int i = 0; i < splits; ++i) {
    ASSERT_TRUE(bit_equal(offline, decode_split(*streaming, frames, dim, rng))) << "split " << i;
  }
}

TEST(ChunkLaw, streamed_ctc_nbest_equals_offline_bit_for_bit) {
  Rng rng(3);
  const auto fusion = fakes::bigram_fusion(0.5, 0.1);
  for (int corpus = 0; corpus < 4; ++corpus) {
    const auto rows = fakes::random_log_probs(rng, 25, 4);
    const SearchSpace space{.family = graph::Family::kCtc, .vocab_size = 4};
    DecodeOptions options = small_beam();
    options.blank_skip = corpus == 3 ? 0.9 : 0;
    const auto used = corpus % 2 == 0 ? nullptr : fusion;
    const auto make = [&] { return std::make_unique<BeamSearchDecoder>(space, options, used); };
    expect_chunk_law(make, rows, 4, 1000);
    const auto greedy = [&] { return std::make_unique<GreedyDecoder>(space, DecodeOptions{}); };
    expect_chunk_law(greedy, rows, 4, 250);
  }
}

TEST(ChunkLaw, streamed_rnnt_nbest_equals_offline_bit_for_bit) {
  fakes::FakeTransducer scorer(7, 4);
  SearchSpace space{.family = graph::Family::kTransducer, .vocab_size = 4};
  space.transducer = &scorer;
  const auto fusion = fakes::bigram_fusion(0.5);
  const auto frames = fakes::frame_numbers(10);
  const auto make = [&] {
    return std::make_unique<BeamSearchDecoder>(space, small_beam(), fusion);
  };
  expect_chunk_law(make, frames, 1, 1000);
  const auto greedy = [&] { return std::make_unique<GreedyDecoder>(space, DecodeOptions{}); };
  expect_chunk_law(greedy, frames, 1, 1000);
}

TEST(ChunkLaw, streamed_attention_nbest_equals_offline_bit_for_bit) {
  fakes::FakeAttention scorer(5);
  SearchSpace space{.family = graph::Family::kAttention, .vocab_size = 5, .sos_id = 0, .eos_id = 1};
  space.attention = &scorer;
  const auto make = [&] { return std::make_unique<BeamSearchDecoder>(space, small_beam()); };
  expect_chunk_law(make, fakes::attention_memory(21, 9), 1, 1000);
}

TEST(Streaming, ctc_commits_what_every_hypothesis_shares) {
  // Token 1 is certain, then blanks are certain: nothing but 1 can be the beginning.
  std::vector<float> rows;
  for (int t = 0; t < 6; ++t) {
    const bool says_one = t == 1;
    rows.insert(rows.end(), {says_one ? -30.0f : -1e-3f, says_one ? -1e-3f : -30.0f, -30.0f});
  }
  const SearchSpace space{.family = graph::Family::kCtc, .vocab_size = 3};
  DecodeOptions options;
  options.beam_size = 8;
  options.score_threshold = 10;
  BeamSearchDecoder decoder(space, options);
  decoder.begin();
  decoder.step(rows);
  EXPECT_EQ(decoder.partial().committed, (std::vector<TokenId>{1}));
  decoder.end();
  const auto nbest = decoder.nbest();
  EXPECT_EQ(nbest[0].times[0].start_frame, 1);
  EXPECT_EQ(nbest[0].times[0].end_frame, 2);
  EXPECT_NEAR(nbest[0].confidences[0], 0.999, 1e-3);
}

TEST(Batch, attention_batch_equals_single_bit_for_bit) {
  fakes::FakeAttention scorer(5);
  SearchSpace space{.family = graph::Family::kAttention, .vocab_size = 5, .sos_id = 0, .eos_id = 1};
  space.attention = &scorer;
  DecodeOptions options = small_beam();
  options.length_penalty = 0.6;
  options.coverage_penalty = 0.2;
  std::vector<std::vector<float>> memories;
  for (std::uint64_t i = 0; i < 9; ++i) memories.push_back(fakes::attention_memory(i, 2 + i % 5));
  std::vector<std::span<const float>> utterances(memories.begin(), memories.end());
  const auto batch = BatchBeamSearch(space, options).decode(utterances);
  BeamSearchDecoder single(space, options);
  for (std::size_t i = 0; i < utterances.size(); ++i) {
    EXPECT_TRUE(bit_equal(batch[i], single.decode(utterances[i]))) << i;
  }
}

TEST(Batch, ctc_batch_equals_single_for_any_thread_count) {
  Rng rng(8);
  const SearchSpace space{.family = graph::Family::kCtc, .vocab_size = 7};
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < 12; ++i) rows.push_back(fakes::random_log_probs(rng, 5 + i, 7));
  std::vector<std::span<const float>> utterances(rows.begin(), rows.end());
  const auto one = BatchBeamSearch(space, small_beam(), nullptr, 1).decode(utterances);
  const auto three = BatchBeamSearch(space, small_beam(), nullptr, 3).decode(utterances);
  BeamSearchDecoder single(space, small_beam());
  for (std::size_t i = 0; i < utterances.size(); ++i) {
    EXPECT_TRUE(bit_equal(one[i], three[i]));
    EXPECT_TRUE(bit_equal(one[i], single.decode(utterances[i])));
  }
}

TEST(State, rnnt_predicts_every_prefix_once) {
  fakes::FakeTransducer scorer(3, 4);
  SearchSpace space{.family = graph::Family::kTransducer, .vocab_size = 4};
  space.transducer = &scorer;
  DecodeOptions options;
  options.beam_size = 10000;
  options.max_symbols = 1;
  BeamSearchDecoder(space, options).decode(fakes::frame_numbers(4));
  EXPECT_EQ(scorer.predicted, 1 + 3 + 9 + 27 + 81);
}

}  // namespace
}  // namespace nest::decode
