#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "channel_watch.h"
#include "nest/stream/pipeline.h"
#include "voice.h"

namespace nest::stream {

/// What runs behind StreamingInference; pipeline.cc is its surface.
struct StreamingInference::Impl {
  Impl(const recognize::Bundle& bundle, const StreamConfig& config,
       const decode::DecodeOptions& decoding, Clock& clock, const recognize::Bundle* fallback);

  void make_room();
  signal::SignalView<float> filtered_view(std::int64_t samples) {
    return {filtered.data(), signal.num_channels, samples, room};
  }

  template <class T>
  void push(signal::SignalView<const T> samples, double at_s, std::int64_t lost, const Sink& sink);
  template <class T>
  void take(signal::SignalView<const T> samples, const Sink& sink);
  /// Filters and encodes samples, the source's or made up.
  template <class T>
  void encode(signal::SignalView<const T> samples, const Sink& sink);
  void finish(const Sink& sink);

  // Faults (pipeline_faults.cc).
  /// Samples are missing before `next`.
  template <class T>
  void bridge(std::int64_t lost, signal::SignalView<const T> next, const Sink& sink);
  template <class T>
  void fill(std::int64_t lost, signal::SignalView<const T> next, bool is_line, const Sink& sink);
  void begin_after(std::int64_t lost, const Sink& sink);
  void look_at_channels(const Sink& sink);
  void report(const Fault& fault, const Sink& sink);
  void mask_next(std::int64_t samples);
  /// Masks the next samples while too many channels are bad, and tells what was dropped.
  void pass_gate(std::int64_t samples, const Sink& sink);
  void open_gate(const Sink& sink);
  /// Source samples since the last gap as samples of the contract's rate.
  std::int64_t contract_samples(std::int64_t source) const;
  std::int64_t warm_up() const;

  /// What waits in the resampler goes to the encoder.
  void flush(const Sink& sink);
  void handle(const NewFrames& made, const Sink& sink);
  void emit(const Sink& sink, const LatencyLedger& ledger);
  void emit_segments(const Sink& sink, const LatencyLedger& ledger);
  /// For process_window().
  void keep(const StreamEvent& event);
  /// Watchdog: which voice goes on.
  void choose_voice(double age_ms, const Sink& sink);
  void switch_to(std::size_t voice, const Sink& sink);
  Voice& voice() { return *voices[active]; }

  /// Seconds since the first sample.
  double time_of(std::int64_t contract_samples) const {
    return origin_s + static_cast<double>(contract_samples) / signal.rate_hz;
  }

  StreamConfig config;
  Clock& clock;
  std::vector<std::unique_ptr<Voice>> voices;  ///< the usual one, and the watchdog's
  std::size_t active = 0;
  graph::SignalContract signal;
  contract::ContractProcessor processor;
  contract::QualityMonitor quality;
  ChannelWatch watch;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  LatencyMonitor monitor;
  FaultCounts faults{};
  std::int64_t room = 0;
  std::vector<float> filtered;  ///< [channels, room]
  std::vector<double> last;     ///< newest sample of every source row
  std::vector<double> filler;   ///< [source rows, block]
  std::int64_t samples_in = 0;  ///< of the contract's rate, heard since the last gap
  std::int64_t pushed = 0;      ///< of the source, since the last gap
  std::int64_t received = 0;    ///< of the source, with the lost ones
  std::int64_t gated = 0;       ///< source samples since the gate closed
  double gate_closed_s = 0;
  std::int64_t voice_began_at = 0;  ///< contract samples since the last gap when it took over
  double origin_s = 0;              ///< of the first sample behind the last gap
  double arrival_s = 0;
  double arrival_age_ms = 0;
  double started_s = 0;
  bool is_paced = true;
  std::int64_t misses_in_row = 0;
  double good_until_hand_back_s = 0;
  std::int64_t watchdog_calls = 0;
  std::deque<WindowOutput> outputs;  ///< nobody has asked for yet
  std::size_t kept_tokens = 0;       ///< of the running segment
  std::int64_t masked_before = 0;    ///< frames of voices that handed over
};

}  // namespace nest::stream
