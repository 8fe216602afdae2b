#include "pipeline_impl.h"

#include <algorithm>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"

namespace nest::stream {
namespace {

/// Samples filtered at once; longer pushes are cut, which changes nothing in the result.
constexpr std::int64_t kBlockSamples = 1024;

std::unique_ptr<Voice> make_fallback(const recognize::Bundle& bundle, const StreamConfig& config,
                                     const decode::DecodeOptions& decoding, Clock& clock,
                                     const recognize::Bundle* smaller) {
  decode::DecodeOptions greedy;
  greedy.temperature = decoding.temperature;
  greedy.min_probability = decoding.min_probability;
  greedy.confidence_temperature = decoding.confidence_temperature;
  if (smaller == nullptr) return std::make_unique<Voice>(bundle, config, greedy, clock);
  require(nest::to_json(smaller->model().signal) == nest::to_json(bundle.model().signal) &&
              smaller->model().vocabulary.size == bundle.model().vocabulary.size,
          ErrorCode::kInvalidArgument,
          "the fallback model '{}' has another signal contract or vocabulary than '{}'",
          smaller->model().name, bundle.model().name);
  StreamConfig own = config;
  own.mode = StreamMode::kAuto;
  own.window_s = own.hop_s = 0;
  return std::make_unique<Voice>(*smaller, own, greedy, clock);
}

}  // namespace

StreamingInference::Impl::Impl(const recognize::Bundle& bundle, const StreamConfig& stream_config,
                               const decode::DecodeOptions& decoding, Clock& stream_clock,
                               const recognize::Bundle* fallback)
    : config(stream_config),
      clock(stream_clock),
      signal(bundle.model().signal),
      processor(signal, contract::match(contract::source_of(signal), signal)),
      quality(signal, processor.match()),
      watch(signal.num_channels, processor.match(), config.faults.noisy_factor),
      tokenizer(bundle.tokenizer),
      monitor(100000, config.max_latency_ms) {
  voices.push_back(std::make_unique<Voice>(bundle, config, decoding, clock));
  if (config.watchdog.is_on)
    voices.push_back(make_fallback(bundle, config, decoding, clock, fallback));
  make_room();
}

void StreamingInference::Impl::make_room() {
  room = std::max(processor.max_output(kBlockSamples), processor.max_finish());
  filtered.resize(static_cast<std::size_t>(signal.num_channels * room));
  const auto rows = static_cast<std::size_t>(processor.match().source_rows);
  last.assign(rows, 0);
  filler.resize(rows * kBlockSamples);
}

template <class T>
void StreamingInference::Impl::push(signal::SignalView<const T> samples, double at_s,
                                    std::int64_t lost, const Sink& sink) {
  require(samples.channels == processor.match().source_rows, ErrorCode::kInvalidArgument,
          "{} channels pushed; the source has {}", samples.channels, processor.match().source_rows);
  started_s = clock.now_s();
  arrival_s = at_s;
  if (lost > 0) bridge(lost, samples, sink);
  for (std::int64_t at = 0, count = 0; at < samples.samples; at += count) {
    count = std::min({kBlockSamples, samples.samples - at, watch.until_change()});
    take(samples.slice(at, count), sink);
  }
}
template void StreamingInference::Impl::push(signal::SignalView<const float>, double, std::int64_t,
                                             const Sink&);
template void StreamingInference::Impl::push(signal::SignalView<const double>, double, std::int64_t,
                                             const Sink&);

template <class T>
void StreamingInference::Impl::take(signal::SignalView<const T> samples, const Sink& sink) {
  // By what was known before these samples, so that deliveries of any size are masked alike.
  if (watch.is_any_bad() && config.faults.channel == ChannelPolicy::kInvalid)
    mask_next(samples.samples);
  pass_gate(samples.samples, sink);
  quality.add(samples);
  watch.add(samples);
  look_at_channels(sink);
  for (std::size_t r = 0; r < last.size(); ++r)
    last[r] = static_cast<double>(samples.row(static_cast<std::int64_t>(r))[samples.samples - 1]);
  encode(samples, sink);
}

template <class T>
void StreamingInference::Impl::encode(signal::SignalView<const T> samples, const Sink& sink) {
  received += samples.samples;
  pushed += samples.samples;
  const std::int64_t made = processor.process(samples, filtered_view(room));
  if (made == 0) return;
  voice().frames().push(filtered_view(made), [&](const NewFrames& f) { handle(f, sink); });
}
template void StreamingInference::Impl::encode(signal::SignalView<const double>, const Sink&);

void StreamingInference::Impl::flush(const Sink& sink) {
  const std::int64_t made = processor.finish(filtered_view(room));
  if (made == 0) return;
  voice().frames().push(filtered_view(made), [&](const NewFrames& f) { handle(f, sink); });
}

void StreamingInference::Impl::handle(const NewFrames& made, const Sink& sink) {
  samples_in = voice_began_at + made.end_sample;
  LatencyLedger ledger;
  ledger.arrival_ms = arrival_age_ms;
  ledger.wait_ms = is_paced ? (started_s - arrival_s) * 1e3 : 0;
  ledger.preprocess_ms = (made.begin_s - started_s) * 1e3;
  ledger.model_ms = (made.end_s - made.begin_s) * 1e3;
  voice().segmenter().at(time_of(samples_in));
  voice().decode(made.values, ledger);
  ledger.age_ms = (clock.now_s() - (is_paced ? arrival_s : started_s)) * 1e3;
  voice().segmenter().charge(ledger);
  monitor.record(ledger);
  emit_segments(sink, ledger);
  emit(sink, ledger);
  started_s = clock.now_s();
  if (voices.size() > 1) choose_voice(ledger.age_ms, sink);
}

void StreamingInference::Impl::emit_segments(const Sink& sink, const LatencyLedger& ledger) {
  const std::vector<Segment>& closed = voice().segmenter().closed();
  for (const Segment& segment : closed) {
    if (!sink) break;
    StreamEvent event;
    event.time_s = time_of(samples_in);
    event.committed = segment.hypothesis.tokens;
    event.latency = ledger;
    event.segment = &segment;
    sink(event);
  }
  voice().segmenter().forget_closed();
}

void StreamingInference::Impl::emit(const Sink& sink, const LatencyLedger& ledger) {
  if (!sink) return;
  const decode::Partial& partial = voice().segmenter().partial();
  StreamEvent event;
  event.time_s = time_of(samples_in);
  event.committed = partial.committed;
  event.tentative = partial.tentative;
  event.latency = ledger;
  sink(event);
}

void StreamingInference::Impl::keep(const StreamEvent& event) {
  if (event.fault != nullptr) return;
  WindowOutput& output = outputs.emplace_back();
  output.time_s = event.time_s;
  const auto fresh = event.committed.subspan(std::min(kept_tokens, event.committed.size()));
  output.committed.assign(fresh.begin(), fresh.end());
  output.tentative.assign(event.tentative.begin(), event.tentative.end());
  output.ends_segment = event.segment != nullptr;
  output.latency_ms = event.latency.age_ms;
  kept_tokens = output.ends_segment ? 0 : event.committed.size();
}

void StreamingInference::Impl::finish(const Sink& sink) {
  started_s = clock.now_s();
  flush(sink);
  open_gate(sink);
  LatencyLedger ledger;
  voice().frames().finish([&](const NewFrames& made) {
    samples_in = std::max(samples_in, voice_began_at + made.end_sample);
    voice().segmenter().at(time_of(samples_in));
    voice().decode(made.values, ledger);
  });
  voice().segmenter().charge(ledger);
  voice().segmenter().end();
  const bool has_text = !voice().segmenter().closed().empty();
  emit_segments(sink, ledger);
  if (has_text || !sink) return;
  StreamEvent nothing;
  nothing.time_s = time_of(samples_in);
  sink(nothing);
}

void StreamingInference::Impl::choose_voice(double age_ms, const Sink& sink) {
  const double deadline_ms = config.max_latency_ms;
  const double now_s = time_of(samples_in);
  if (active == 0) {
    misses_in_row = age_ms > deadline_ms ? misses_in_row + 1 : 0;
    if (misses_in_row < config.watchdog.misses) return;
    ++watchdog_calls;
    good_until_hand_back_s = now_s + config.watchdog.hand_back_s;
    switch_to(1, sink);
    return;
  }
  if (age_ms > deadline_ms / 2) good_until_hand_back_s = now_s + config.watchdog.hand_back_s;
  if (now_s >= good_until_hand_back_s) switch_to(0, sink);
}

void StreamingInference::Impl::switch_to(std::size_t next, const Sink& sink) {
  // What the voice holds back is said by it; the other one begins with the next sample.
  LatencyLedger ledger;
  voice().frames().finish([&](const NewFrames& made) { voice().decode(made.values, ledger); });
  voice().segmenter().end();
  emit_segments(sink, ledger);
  const std::int64_t number = voice().segmenter().next_number();
  active = next;
  misses_in_row = 0;
  voice_began_at = samples_in;
  voice().frames().reset();
  voice().segmenter().restart(number);
  voice().segmenter().begin_at(time_of(samples_in));
}

}  // namespace nest::stream
