#include <vector>

#include <gtest/gtest.h>

#include "nest/graph/streaming.h"
#include "nest/stream/pipeline.h"
#include "tests/support/count_allocations.h"
#include "tiny.h"

namespace nest::stream {
namespace {

/// Hops whose step allocated, by whether they closed a segment.
struct Hops {
  std::int64_t plain = 0, plain_with_allocation = 0, closing = 0;
};

/// Hops of the second half of `seconds` of noise, in deliveries of a quarter of a second.
Hops hops_of(const recognize::Bundle& bundle, const StreamConfig& config, std::int64_t seconds) {
  tiny::TickingClock clock;
  StreamingInference pipeline(bundle, config, {}, clock);
  const graph::SignalContract& contract = pipeline.contract();
  const auto rate = static_cast<std::int64_t>(contract.rate_hz), chunk = rate / 4;
  Rng rng(1);
  std::vector<double> signal(static_cast<std::size_t>(contract.num_channels * rate * seconds));
  for (double& value : signal) value = rng.normal();
  const signal::SignalView<const double> all(signal.data(), contract.num_channels, rate * seconds);
  Hops hops;
  bool has_hop = false, has_segment = false;
  const EventSink sink = [&](const StreamEvent& event) {
    has_hop = has_hop || event.is_hop();
    has_segment = has_segment || event.segment != nullptr;
  };
  for (std::int64_t at = 0; at < all.samples; at += chunk) {
    has_hop = has_segment = false;
    const std::int64_t before = allocation_count();
    pipeline.push(all.slice(at, chunk), 0, 0, sink);
    const bool has_allocated = allocation_count() != before;
    if (at < all.samples / 2 || (!has_hop && !has_allocated)) continue;
    ++(has_segment ? hops.closing : hops.plain);
    if (!has_segment && has_allocated) ++hops.plain_with_allocation;
  }
  return hops;
}

TEST(HotPath, a_hop_that_closes_no_segment_allocates_nothing_after_warm_up) {
  const Hops hops =
      hops_of(tiny::tiny_bundle(), {.window_s = 4, .hop_s = 0.5, .lookahead_s = 0.5}, 200);
  EXPECT_GT(hops.plain, 100);
  EXPECT_EQ(hops.plain_with_allocation, 0);
}

recognize::Bundle full_size_bundle(bool causal) {
  Json config = {{"spatial_cnn", {{"type", "EEGNet"}, {"n_channels", 128}, {"sampling_rate", 500}}},
                 {"temporal_encoder", {{"type", "LSTM"}, {"hidden_dim", 512}, {"num_layers", 3}}},
                 {"decoder", {{"vocab_size", 1000}}}};
  if (causal) config["causal"] = true;
  graph::Model model = graph::build_model("nest_ctc", Config::from_json(config, "full size"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  model.signal.rate_hz = 500;
  model.signal.num_channels = 128;
  model.signal.unit = "V";
  return recognize::make_bundle(
      recognize::make_runnable(std::move(model), {.precision = graph::Precision::kInt8}));
}

TEST(HotPath, the_same_of_128_channels_at_500_hz_and_three_layers_of_512_in_int8) {
  const Hops windowed = hops_of(full_size_bundle(false),
                                {.window_s = 2.048, .hop_s = 0.128, .lookahead_s = 0.512}, 12);
  EXPECT_GT(windowed.plain, 20);
  EXPECT_EQ(windowed.plain_with_allocation, 0);
  const Hops causal = hops_of(full_size_bundle(true), {.hop_s = 0.128}, 12);
  EXPECT_GT(causal.plain, 20);
  EXPECT_EQ(causal.plain_with_allocation, 0);
}

}  // namespace
}  // namespace nest::stream
