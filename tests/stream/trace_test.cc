#include "nest/stream/trace.h"

#include <map>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"

namespace nest::stream {
namespace {

class SteppingClock : public Clock {
 public:
  double now_s() override { return now_s_ += 1e-3; }
  bool wait_until(double) override { return true; }

 private:
  double now_s_ = 0;
};

graph::Model traced_model() {
  graph::Model model = graph::build_model(
      "nest_ctc", Config::parse("spatial_cnn: {type: EEGNet, n_channels: 4, sampling_rate: 64, "
                                "n_pointwise_filters: 8}\n"
                                "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1}\n"
                                "decoder: {vocab_size: 6}\n"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  model.signal.rate_hz = 64;
  return model;
}

TEST(StreamTrace, shows_every_hop_its_parts_and_what_went_wrong) {
  SteppingClock clock;
  const recognize::Bundle bundle = recognize::make_bundle(recognize::make_runnable(traced_model()));
  StreamingInference pipeline(
      bundle, {.window_s = 4, .hop_s = 1, .lookahead_s = 0.5, .max_latency_ms = 1e-3}, {}, clock);
  Trace trace;
  StreamTrace drawn(trace, pipeline);
  int hops = 0;
  const auto sink = [&](const StreamEvent& event) {
    if (!event.is_hop()) return;
    drawn.add(event);
    ++hops;
  };
  std::vector<float> values(4 * 1280, 1.0f);
  const signal::SignalView<const float> all(values.data(), 4, 1280);
  pipeline.push(all.slice(0, 400), 0, 0, sink);
  pipeline.push(all.slice(400, 880), 0, 50, sink);
  std::map<std::string, int> events;
  const Json json = trace.to_json();  // outlives the loop
  for (const Json& event : json["traceEvents"]) ++events[event["name"].get<std::string>()];
  ASSERT_GT(hops, 3);
  for (const char* part : {"hop", "preprocess", "model", "decode", "deadline missed"})
    EXPECT_EQ(events[part], hops) << part;
  EXPECT_EQ(events["gap"], 1);
}

}  // namespace
}  // namespace nest::stream
