#pragma once

#include <vector>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/recognize/bundle.h"
#include "nest/runtime/prepared.h"
#include "nest/stream/source.h"
#include "nest/text/character_tokenizer.h"

namespace nest::stream::tiny {

constexpr double kRateHz = 64;
constexpr std::int64_t kTinyChannels = 2;

/// Time passes with every look at it; nothing waits.
class TickingClock : public Clock {
 public:
  double now_s() override { return now_s_ += 1e-4; }
  bool wait_until(double time_s) override {
    now_s_ = std::max(now_s_, time_s);
    return true;
  }

 private:
  double now_s_ = 0;
};

/// A small CTC model without filters whose text changes often, so that any change of the signal
/// shows.
inline recognize::Bundle tiny_bundle(std::uint64_t seed = 5) {
  graph::Model model = graph::build_model(
      "nest_ctc", Config::parse("spatial_cnn: {type: EEGNet, n_channels: 2, sampling_rate: 64, "
                                "n_pointwise_filters: 8}\n"
                                "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1, "
                                "dropout: 0.0}\ndecoder: {vocab_size: 9}\n"));
  Rng rng(seed);
  graph::initialize_weights(model, rng);
  for (auto& [name, tensor] : model.weights) {
    if (tensor.dtype() != DType::kF32 || graph::is_buffer(name)) continue;
    for (float& weight : tensor.mutable_data<float>()) weight *= 4;
  }
  model.signal.rate_hz = kRateHz;
  model.signal.channels = {"Cz", "Oz"};
  model.signal.num_channels = kTinyChannels;
  model.signal.unit = "V";
  model.vocabulary.tokenizer =
      text::CharacterTokenizer::train(std::vector<std::string>{"abcde"})->to_json();
  return recognize::make_bundle(recognize::make_runnable(runtime::prepare(std::move(model))));
}

/// [kTinyChannels, samples]
inline std::vector<double> tiny_signal(std::int64_t samples, std::uint64_t seed = 1) {
  Rng rng(seed);
  std::vector<double> values(static_cast<std::size_t>(kTinyChannels * samples));
  for (double& value : values) value = rng.normal();
  return values;
}

/// Deliveries as a script says, whatever their order.
class ScriptedSource : public Source {
 public:
  struct Delivery {
    Chunk chunk;
    std::vector<double> samples;  ///< [kTinyChannels, chunk.samples]
  };
  explicit ScriptedSource(std::vector<Delivery> script, bool is_paced = true)
      : script_(std::move(script)), is_paced_(is_paced) {
    info_.name = "script";
    info_.rate_hz = kRateHz;
    info_.channels = contract::named_channels({"Cz", "Oz"}, "V");
  }
  const SourceInfo& info() const override { return info_; }
  bool is_paced() const override { return is_paced_; }
  Chunk read(signal::SignalView<double> into) override {
    if (next_ == script_.size()) return {};
    const Delivery& delivery = script_[next_++];
    for (std::int64_t c = 0; c < kTinyChannels; ++c)
      std::copy_n(delivery.samples.data() + c * delivery.chunk.samples, delivery.chunk.samples,
                  into.row(c));
    return delivery.chunk;
  }

 private:
  std::vector<Delivery> script_;
  bool is_paced_;
  SourceInfo info_;
  std::size_t next_ = 0;
};

/// A signal in numbered deliveries of `size` samples, arriving as their last sample is taken.
inline std::vector<ScriptedSource::Delivery> deliveries_of(const std::vector<double>& signal,
                                                           std::int64_t size) {
  const auto samples = static_cast<std::int64_t>(signal.size()) / kTinyChannels;
  std::vector<ScriptedSource::Delivery> all;
  for (std::int64_t at = 0; at < samples; at += size) {
    const std::int64_t count = std::min(size, samples - at);
    ScriptedSource::Delivery& d = all.emplace_back();
    d.chunk = {.samples = count,
               .time_s = static_cast<double>(at) / kRateHz,
               .arrival_s = static_cast<double>(at + count) / kRateHz,
               .first_sample = at};
    for (std::int64_t c = 0; c < kTinyChannels; ++c)
      d.samples.insert(d.samples.end(), signal.begin() + c * samples + at,
                       signal.begin() + c * samples + at + count);
  }
  return all;
}

}  // namespace nest::stream::tiny
