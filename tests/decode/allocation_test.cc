#include <gtest/gtest.h>

#include "fakes.h"
#include "tests/support/count_allocations.h"

namespace nest::decode {
namespace {

/// Allocations of the steps of a second, equal utterance.
std::int64_t allocations_after_warm_up(Decoder& decoder, std::span<const float> frames,
                                       std::size_t dim) {
  decoder.decode(frames);
  decoder.begin();
  const std::int64_t before = allocation_count();
  for (std::size_t at = 0; at < frames.size(); at += dim) decoder.step(frames.subspan(at, dim));
  return allocation_count() - before;
}

TEST(Allocation, the_counter_counts) {
  const std::int64_t before = allocation_count();
  const auto p = std::make_unique<std::vector<int>>(1000);
  EXPECT_GT(allocation_count(), before);
}

TEST(Allocation, ctc_steps_do_not_allocate_after_warm_up) {
  Rng rng(6);
  const auto rows = fakes::random_log_probs(rng, 100, 4);
  DecodeOptions options;
  options.beam_size = 12;
  BeamSearchDecoder decoder({.family = graph::Family::kCtc, .vocab_size = 4}, options,
                            fakes::bigram_fusion(0.5));
  EXPECT_EQ(allocations_after_warm_up(decoder, rows, 4), 0);
}

TEST(Allocation, rnnt_steps_do_not_allocate_after_warm_up) {
  fakes::FakeTransducer scorer(7, 4);
  SearchSpace space{.family = graph::Family::kTransducer, .vocab_size = 4};
  space.transducer = &scorer;
  DecodeOptions options;
  options.beam_size = 8;
  options.max_symbols = 2;
  BeamSearchDecoder decoder(space, options, fakes::bigram_fusion(0.5));
  EXPECT_EQ(allocations_after_warm_up(decoder, fakes::frame_numbers(30), 1), 0);
}

}  // namespace
}  // namespace nest::decode
