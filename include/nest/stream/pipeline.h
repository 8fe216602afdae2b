#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/contract/processor.h"
#include "nest/contract/quality.h"
#include "nest/core/options_fwd.h"
#include "nest/decode/hypothesis.h"
#include "nest/decode/options.h"
#include "nest/graph/model.h"
#include "nest/recognize/bundle.h"
#include "nest/stream/latency.h"
#include "nest/stream/source.h"

namespace nest::stream {

enum class StreamMode {
  kAuto,         ///< incremental if the model allows it and no window is given
  kIncremental,  ///< only new signal is computed (causal models)
  kWindowed,     ///< overlapping windows
};
EnumTable enum_table(StreamMode of);  ///< "auto", "incremental", "windowed"

/// What lost samples do.
enum class GapPolicy { kReset, kStop };  ///< reset: the filters and window start anew
EnumTable enum_table(GapPolicy of);      ///< "reset", "stop"

/// How a stream is cut for the model and what happens when something goes wrong.
struct StreamConfig {
  StreamMode mode = StreamMode::kAuto;
  double window_s = 0;       ///< what the encoder sees at once; 0: the model's contract, else 4 s
  double hop_s = 0;          ///< new signal a step; 0: the model's contract, else 0.5 s
  double lookahead_s = 0.5;  ///< signal behind a frame that the encoder has seen when it is decoded
  double max_latency_ms = 10;  ///< deadline of a hop's processing; misses are counted
  GapPolicy gap_policy = GapPolicy::kReset;
};
void visit_fields(FieldVisitor& visitor, StreamConfig& config);
/// Errors: FieldError naming the field, its value and the limit.
void validate(const StreamConfig& config);

/// What one hop brought.
struct StreamEvent {
  double time_s = 0;  ///< end of the heard signal, seconds since the first sample
  std::span<const decode::TokenId> committed;  ///< every committed token so far; never taken back
  std::span<const decode::TokenId> tentative;
  LatencyLedger latency;
};

/// The hot path: filter, encode, decode, on one thread.
///
/// Incremental: every hop_s the encoder runs on the new samples alone, and its frames are bit for
/// bit those of the whole signal; look-ahead is 0 and nothing is left out at the end.
/// Windowed: windows of window_s start every hop_s. Of each window's frames those are decoded that
/// are new and have lookahead_s of signal behind them, so every frame is decoded exactly once and
/// text is late by hop + lookahead at most. At the end, what fills no hop is left out. Hops lie on
/// the sample grid of the stream, so the result does not depend on how samples are delivered
/// (tests/stream/pipeline_test.cc), and one push of a whole recording is the offline run.
///
/// CTC and RNN-T models; an attention model needs the whole utterance first and is refused.
/// State: one thread. After the first hop a step allocates nothing if the contract's normalisation
/// is none or fixed and the model is CTC with greedy decoding.
class StreamingInference {
 public:
  using Sink = std::function<void(const StreamEvent&)>;

  /// Weights and language models are the bundle's. Errors: InvalidArgument if a hop is no whole
  /// number of encoder frames (says which ones are), the window is too short, or a language model
  /// is to rescore; Unsupported for attention models and other executors than the native one.
  StreamingInference(const recognize::Bundle& bundle, const StreamConfig& config,
                     const decode::DecodeOptions& decoding, Clock& clock);
  ~StreamingInference();

  /// Says what push() will bring, before its first call: rate, names and units of a source's
  /// channels. Without it push() takes the contract's own channels (contract::source_of).
  /// Errors: those of contract::match().
  void connect(const SourceInfo& source, const contract::MatchOptions& options = {});

  /// Takes any number of samples; calls the sink once a completed hop.
  ///
  /// Shapes: samples [the source's channels, n] in their units
  /// `arrival_s`: Clock time at which they became available; `lost`: samples missing before them.
  /// Errors: DataCorrupt for lost samples under GapPolicy::kStop.
  void push(signal::SignalView<const float> samples, double arrival_s, std::int64_t lost,
            const Sink& sink);
  void push(signal::SignalView<const double> samples, double arrival_s, std::int64_t lost,
            const Sink& sink);
  /// Decodes the frames that were waiting for look-ahead and closes the hypothesis.
  void finish(const Sink& sink);
  /// After finish(): the best hypothesis, its times in seconds since the first sample; lost samples
  /// count as time.
  const decode::Hypothesis& hypothesis() const;

  std::string text_of(std::span<const decode::TokenId> tokens) const;
  const graph::SignalContract& contract() const;
  /// How the source was matched, what was replaced, whether its amplitude is plausible.
  const contract::ContractProcessor& processor() const;
  /// What is wrong with the channels as they come.
  const contract::QualityMonitor& quality() const;
  const LatencyMonitor& latency() const;
  std::int64_t gaps() const;
  std::int64_t hops() const;
  /// Geometry and precision that really run, one line.
  std::string describe() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::stream
