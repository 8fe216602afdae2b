#include "nest/stream/feed.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/stream/committed_text.h"
#include "nest/stream/report.h"
#include "tests/stream/tiny.h"

namespace nest::stream {
namespace {

constexpr std::int64_t kFeedSamples = 64 * 12;

/// Three channels in microvolts, one of them unknown to the model, 37 samples a delivery.
class ThreeChannels : public Source {
 public:
  explicit ThreeChannels(const std::vector<float>& volts) : volts_(volts) {
    info_ = {.name = "three",
             .rate_hz = 64,
             .channels = contract::named_channels({"Oz", "STATUS", "Cz"}, "uV")};
  }
  const SourceInfo& info() const override { return info_; }
  Chunk read(signal::SignalView<double> into) override {
    if (on_read) on_read();
    const std::int64_t count = std::min({std::int64_t{37}, into.samples, kFeedSamples - at_});
    for (std::int64_t t = 0; t < count; ++t) {
      into.row(0)[t] =
          1e6 * static_cast<double>(volts_[static_cast<std::size_t>(kFeedSamples + at_ + t)]);
      into.row(1)[t] = 1e9;
      into.row(2)[t] = 1e6 * static_cast<double>(volts_[static_cast<std::size_t>(at_ + t)]);
    }
    at_ += count;
    return {.samples = count};
  }

  std::function<void()> on_read;

 private:
  const std::vector<float>& volts_;
  SourceInfo info_;
  std::int64_t at_ = 0;
};

class Feed : public testing::Test {
 protected:
  Feed() : volts_(2 * kFeedSamples) {
    graph::Model model = graph::build_model(
        "nest_ctc",
        Config::parse("spatial_cnn: {type: EEGNet, n_channels: 2, sampling_rate: 64, "
                      "n_pointwise_filters: 8}\n"
                      "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1, dropout: 0.0}\n"
                      "decoder: {vocab_size: 6}\n"));
    Rng rng(5);
    graph::initialize_weights(model, rng);
    model.signal.rate_hz = 64;
    model.signal.channels = {"Cz", "Oz"};
    model.signal.num_channels = 2;
    model.signal.normalization = graph::Normalization::kZscore;
    bundle_ = recognize::make_bundle(recognize::make_runnable(runtime::prepare(std::move(model))));
    for (float& value : volts_) value = static_cast<float>(1e-5 * rng.normal());
  }
  StreamingInference pipeline() {
    StreamConfig config{.window_s = 4, .hop_s = 1, .lookahead_s = 0.5};
    config.endpoint = {.trailing_silence_s = 0, .max_segment_s = 0};
    return {bundle_, config, {}, clock_};
  }
  /// What every hop committed.
  using Committed = std::vector<std::vector<decode::TokenId>>;
  static StreamingInference::Sink into(Committed& committed) {
    return [&](const StreamEvent& event) {
      committed.emplace_back(event.committed.begin(), event.committed.end());
    };
  }

  tiny::TickingClock clock_;
  std::vector<float> volts_;  ///< Cz, then Oz
  recognize::Bundle bundle_;
};

TEST_F(Feed, gives_the_models_channels_in_its_order_and_unit) {
  Committed pushed;
  auto direct = pipeline();
  direct.push({volts_.data(), 2, kFeedSamples}, 0, 0, into(pushed));
  direct.finish(into(pushed));

  Committed fed;
  ThreeChannels source(volts_);
  auto streamed = pipeline();
  const FeedResult result = feed(source, streamed, clock_, into(fed));
  EXPECT_EQ(result.samples, kFeedSamples);
  EXPECT_DOUBLE_EQ(result.signal_s, 12);
  EXPECT_GT(result.wall_s, 0);
  EXPECT_EQ(fed, pushed);
  EXPECT_FALSE(fed.back().empty());
}

TEST_F(Feed, is_reported_as_events_and_a_summary) {
  ThreeChannels source(volts_);
  auto streamed = pipeline();
  std::vector<Json> events;
  CommittedText text([&](auto tokens) { return streamed.text_of(tokens); });
  std::string joined, whole;
  const FeedResult fed = feed(source, streamed, clock_, [&](const StreamEvent& event) {
    events.push_back(event_json(streamed, event, text.add(event.committed)));
    joined += events.back().at("committed");
    whole = streamed.text_of(event.committed);
  });
  EXPECT_FALSE(whole.empty());
  EXPECT_EQ(joined, whole);
  ASSERT_FALSE(events.empty());
  for (const char* key : {"time_s", "committed", "tentative", "latency_ms", "model_ms"}) {
    EXPECT_TRUE(events.front().contains(key)) << key;
  }
  const Json summary = summary_json(streamed, fed, text.text());
  EXPECT_EQ(summary.at("text"), whole);
  EXPECT_EQ(summary.at("repeated_samples"), 0);
  EXPECT_EQ(summary.at("signal_s"), 12);
  EXPECT_EQ(summary.at("latency").at("count"), streamed.hops());
  EXPECT_THAT(summary_text(streamed, fed), testing::HasSubstr("over 12.0 s of signal"));
}

TEST_F(Feed, stops_at_the_sample_that_the_duration_names) {
  Committed committed;
  ThreeChannels source(volts_);
  auto streamed = pipeline();
  EXPECT_EQ(feed(source, streamed, clock_, into(committed), {.duration_s = 5}).samples, 5 * 64);
  EXPECT_THROW(feed(source, streamed, clock_, into(committed), {.duration_s = -1}), Error);
}

TEST_F(Feed, a_requested_stop_ends_it_with_what_was_read) {
  Committed committed;
  ThreeChannels source(volts_);
  std::stop_source stop;
  int reads = 0;
  source.on_read = [&] {
    if (++reads == 3) stop.request_stop();
  };
  auto streamed = pipeline();
  EXPECT_EQ(feed(source, streamed, clock_, into(committed), {}, stop.get_token()).samples, 3 * 37);
}

}  // namespace
}  // namespace nest::stream
