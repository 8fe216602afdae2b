#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nest/contract/processor.h"
#include "nest/contract/quality.h"
#include "nest/core/options_fwd.h"
#include "nest/decode/endpoint.h"
#include "nest/decode/hypothesis.h"
#include "nest/decode/options.h"
#include "nest/graph/model.h"
#include "nest/recognize/bundle.h"
#include "nest/stream/event.h"
#include "nest/stream/faults.h"
#include "nest/stream/latency.h"
#include "nest/stream/source.h"
#include "nest/stream/window_output.h"

namespace nest::stream {

enum class StreamMode {
  kAuto,         ///< incremental if the model allows it and no window is given
  kIncremental,  ///< only new signal is computed (causal models)
  kWindowed,     ///< overlapping windows
};
EnumTable enum_table(StreamMode of);  ///< "auto", "incremental", "windowed"

/// When deadlines are missed, greedy decoding or a smaller model takes over, and hands back.
struct WatchdogOptions {
  bool is_on = false;
  std::int64_t misses = 3;  ///< hops in a row above the deadline that call it
  double hand_back_s = 10;  ///< of signal within half the deadline that end it
};
void visit_fields(FieldVisitor& visitor, WatchdogOptions& options);

/// How a stream is cut for the model and what happens when something goes wrong.
struct StreamConfig {
  StreamMode mode = StreamMode::kAuto;
  double window_s = 0;       ///< what the encoder sees at once; 0: the model's contract, else 4 s
  double hop_s = 0;          ///< new signal a step; 0: the model's contract, else 0.5 s
  double lookahead_s = 0.5;  ///< signal behind a frame that the encoder has seen when it is decoded
  double max_latency_ms = 10;  ///< deadline of a hop's processing; misses are counted
  decode::EndpointOptions endpoint = {};
  FaultOptions faults = {};
  WatchdogOptions watchdog = {};
};
void visit_fields(FieldVisitor& visitor, StreamConfig& config);
/// Errors: FieldError naming the field, its value and the limit.
void validate(const StreamConfig& config);

/// The hot path: filter, encode, decode, on one thread.
///
/// Incremental: every hop_s the encoder runs on the new samples alone, and its frames are bit for
/// bit those of the whole signal; look-ahead is 0 and nothing is left out at the end.
/// Windowed: windows of window_s start every hop_s. Of each window's frames those are decoded that
/// are new and have lookahead_s of signal behind them, so every frame is decoded exactly once and
/// text is late by hop + lookahead at most. At the end a last window ends with the signal (a
/// shorter one where the stream is shorter) and gives the frames that are left, so every frame of
/// the whole signal is decoded. Hops lie on the sample grid of the stream, so the result does not
/// depend on how samples are delivered
/// (tests/stream/pipeline_test.cc), and one push of a whole recording is the offline run.
///
/// Endpoint rules cut the text into segments; a hop's events are its segments' and then its own,
/// and the last event of a stream is that of the last segment (or one without text). Lost samples
/// and bad channels do what StreamConfig::faults says. CTC and RNN-T models; an attention model
/// needs the whole utterance first and is refused. State: one thread. After the first hop a step
/// allocates nothing if the contract's normalisation is none or fixed and the model is CTC with
/// greedy decoding.
class StreamingInference {
 public:
  using Sink = EventSink;

  /// Weights and language models are the bundle's. Errors: InvalidArgument if a hop is no whole
  /// number of encoder frames (says which ones are), the window is too short, or a language model
  /// is to rescore; Unsupported for attention models and other executors than the native one.
  /// `fallback`: the smaller model of the watchdog, with the same contract and vocabulary.
  StreamingInference(const recognize::Bundle& bundle, const StreamConfig& config,
                     const decode::DecodeOptions& decoding, Clock& clock,
                     const recognize::Bundle* fallback = nullptr);
  ~StreamingInference();

  /// Says what push() will bring, before its first call: rate, names and units of a source's
  /// channels. Without it push() takes the contract's own channels (contract::source_of).
  /// Errors: those of contract::match().
  void connect(const SourceInfo& source, const contract::MatchOptions& options = {});
  /// An unpaced source delivers as fast as it is read: latency is then each hop's computing alone.
  void set_paced(bool is_paced);

  /// Takes any number of samples; calls the sink once a completed hop.
  ///
  /// Shapes: samples [the source's channels, n] in their units
  /// `arrival_s`: Clock time at which they became available; `lost`: samples missing before them.
  /// Errors: DataCorrupt for lost samples under GapPolicy::kStop.
  void push(signal::SignalView<const float> samples, double arrival_s, std::int64_t lost,
            const Sink& sink);
  void push(signal::SignalView<const double> samples, double arrival_s, std::int64_t lost,
            const Sink& sink);
  /// Decodes the frames that were waiting for look-ahead and closes the last segment.
  void finish(const Sink& sink);
  /// The next `samples` samples pushed carry no signal: no text comes from them.
  void mask_next(std::int64_t samples);
  /// Counts a fault that was seen on the way here, and tells it.
  void report(const Fault& fault, const Sink& sink);

  /// The specification's way instead of push() and finish(): samples in, then ask for each window
  /// until there is none.
  void add_samples(signal::SignalView<const float> samples);
  std::optional<WindowOutput> process_window();
  std::string decode_output(const WindowOutput& output) const { return text_of(output.committed); }
  StreamMetrics get_metrics() const;

  std::string text_of(std::span<const decode::TokenId> tokens) const;
  const StreamConfig& config() const;
  const graph::SignalContract& contract() const;
  /// How the source was matched, what was replaced, whether its amplitude is plausible.
  const contract::ContractProcessor& processor() const;
  /// What is wrong with the channels as they come.
  const contract::QualityMonitor& quality() const;
  const LatencyMonitor& latency() const;
  std::int64_t gaps() const;  ///< stretches of lost samples
  const FaultCounts& faults() const;
  std::int64_t masked_frames() const;   ///< of the encoder, without text
  std::int64_t watchdog_calls() const;  ///< how often the fallback took over
  bool is_paced() const;
  /// Of the contract's filters at the middle of their band: a sample's delay to the encoder.
  double filter_delay_ms() const;
  std::int64_t hops() const;
  /// Geometry and precision that really run, one line.
  std::string describe() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::stream
