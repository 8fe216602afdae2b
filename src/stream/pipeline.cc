#include "nest/stream/pipeline.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "nest/core/error.h"
#include "nest/signal/design.h"
#include "pipeline_impl.h"

namespace nest::stream {

StreamingInference::StreamingInference(const recognize::Bundle& bundle, const StreamConfig& config,
                                       const decode::DecodeOptions& decoding, Clock& clock,
                                       const recognize::Bundle* fallback) {
  validate(config);
  impl_ = std::make_unique<Impl>(bundle, config, decoding, clock, fallback);
}

StreamingInference::~StreamingInference() = default;

void StreamingInference::connect(const SourceInfo& source, const contract::MatchOptions& options) {
  Impl& s = *impl_;
  s.processor = contract::ContractProcessor(s.signal, contract::match(source, s.signal, options));
  s.quality = contract::QualityMonitor(s.signal, s.processor.match());
  s.watch = ChannelWatch(s.signal.num_channels, s.processor.match(), s.config.faults.noisy_factor);
  s.make_room();
  s.voice().frames().reset();
}

void StreamingInference::set_paced(bool is_paced) {
  impl_->is_paced = is_paced;
}

void StreamingInference::push(signal::SignalView<const float> samples, double arrival_s,
                              std::int64_t lost, const Sink& sink) {
  impl_->push(samples, arrival_s, lost, sink);
}
void StreamingInference::push(signal::SignalView<const double> samples, double arrival_s,
                              std::int64_t lost, const Sink& sink) {
  impl_->push(samples, arrival_s, lost, sink);
}
void StreamingInference::finish(const Sink& sink) {
  impl_->finish(sink);
}
void StreamingInference::add_samples(signal::SignalView<const float> samples) {
  Impl& s = *impl_;
  s.push(samples, s.clock.now_s(), 0, [&](const StreamEvent& event) { s.keep(event); });
}

std::optional<WindowOutput> StreamingInference::process_window() {
  if (impl_->outputs.empty()) return std::nullopt;
  std::optional<WindowOutput> output = std::move(impl_->outputs.front());
  impl_->outputs.pop_front();
  return output;
}

StreamMetrics StreamingInference::get_metrics() const {
  const LatencyMonitor::Statistics s = impl_->monitor.get_statistics();
  return {.mean_latency_ms = s.mean_ms,
          .p95_latency_ms = s.p95_ms,
          .p99_latency_ms = s.p99_ms,
          .max_latency_ms = s.max_ms,
          .throughput_hz = s.mean_ms > 0 ? 1e3 / s.mean_ms : 0,
          .windows = s.count,
          .deadline_misses = s.deadline_misses};
}

void StreamingInference::mask_next(std::int64_t samples) {
  impl_->mask_next(samples);
}
void StreamingInference::report(const Fault& fault, const Sink& sink) {
  impl_->report(fault, sink);
}

std::string StreamingInference::text_of(std::span<const decode::TokenId> tokens) const {
  return decode::text_of(tokens, impl_->tokenizer.get());
}
const StreamConfig& StreamingInference::config() const {
  return impl_->config;
}
const graph::SignalContract& StreamingInference::contract() const {
  return impl_->signal;
}
const LatencyMonitor& StreamingInference::latency() const {
  return impl_->monitor;
}
const contract::ContractProcessor& StreamingInference::processor() const {
  return impl_->processor;
}
const contract::QualityMonitor& StreamingInference::quality() const {
  return impl_->quality;
}
std::int64_t StreamingInference::gaps() const {
  return count_of(impl_->faults, FaultKind::kLost);
}
const FaultCounts& StreamingInference::faults() const {
  return impl_->faults;
}
std::int64_t StreamingInference::masked_frames() const {
  std::int64_t frames = 0;
  for (const auto& voice : impl_->voices) frames += voice->segmenter().masked_frames();
  return frames;
}
std::int64_t StreamingInference::watchdog_calls() const {
  return impl_->watchdog_calls;
}
bool StreamingInference::is_paced() const {
  return impl_->is_paced;
}
std::int64_t StreamingInference::hops() const {
  return impl_->monitor.count();
}

double StreamingInference::filter_delay_ms() const {
  const graph::SignalContract& c = impl_->signal;
  if (c.bandpass_hz.size() != 2) return 0;
  const signal::Sos sos =
      signal::design_butterworth(c.bandpass_order, signal::BandKind::kBandpass,
                                 {c.bandpass_hz[0], c.bandpass_hz[1]}, c.rate_hz);
  // Minus the slope of the phase, over 0.01 Hz at the geometric middle.
  const double at_hz = std::sqrt(c.bandpass_hz[0] * c.bandpass_hz[1]), step_hz = 0.01;
  const auto gain = signal::frequency_response(sos, {at_hz - step_hz, at_hz + step_hz}, c.rate_hz);
  const double turn = std::arg(gain[1] / gain[0]);
  return -turn / (2 * std::numbers::pi * 2 * step_hz) * 1e3;
}

std::string StreamingInference::describe() const {
  const Impl& s = *impl_;
  std::string text = s.voices.front()->describe();
  if (s.voices.size() > 1) text += "; watchdog: " + s.voices.back()->describe();
  return text;
}

}  // namespace nest::stream
