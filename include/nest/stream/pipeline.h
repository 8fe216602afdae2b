#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/decode/hypothesis.h"
#include "nest/decode/options.h"
#include "nest/graph/model.h"
#include "nest/recognize/bundle.h"
#include "nest/signal/preprocess.h"
#include "nest/stream/latency.h"
#include "nest/stream/source.h"

namespace nest {
class Flags;
}

namespace nest::stream {

/// How a stream is cut for the model and what happens when something goes wrong.
struct StreamConfig {
  /// "incremental": only new signal is computed (causal models); "windowed": overlapping windows;
  /// "auto": incremental if the model allows it and no window is given.
  std::string mode = "auto";
  double window_s = 0;       ///< what the encoder sees at once; 0: the model's contract, else 4 s
  double hop_s = 0;          ///< new signal a step; 0: the model's contract, else 0.5 s
  double lookahead_s = 0.5;  ///< signal behind a frame that the encoder has seen when it is decoded
  double max_latency_ms = 10;        ///< deadline of a hop's processing; misses are counted
  std::string gap_policy = "reset";  ///< lost samples: "reset" the filters and window, or "stop"
};
void register_flags(Flags& flags, StreamConfig& config);
/// Errors: InvalidArgument naming the flag, its value and the limit.
void validate(const StreamConfig& config);
Json to_json(const StreamConfig& config);

/// What one hop brought.
struct StreamEvent {
  double time_s = 0;                           ///< end of the decoded signal, in stream time
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

  /// Takes any number of samples; calls the sink once a completed hop.
  ///
  /// Shapes: samples [channels, n] in the contract's order and unit.
  /// `arrival_s`: Clock time at which they became available; `lost`: samples missing before them.
  /// Errors: DataCorrupt for lost samples under gap_policy "stop".
  void push(signal::SignalView<const float> samples, double arrival_s, std::int64_t lost,
            const Sink& sink);
  /// Decodes the frames that were waiting for look-ahead and closes the hypothesis.
  void finish(const Sink& sink);

  std::string text_of(std::span<const decode::TokenId> tokens) const;
  /// What push() takes.
  const graph::SignalContract& contract() const;
  const LatencyMonitor& latency() const;
  const signal::PreprocessCounts& preprocess_counts() const;
  std::int64_t gaps() const;
  std::int64_t hops() const;
  /// Geometry and precision that really run, one line.
  std::string describe() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Checks a source against a model's contract: rate, channel count and names, unit.
/// Returns for each model channel the source's channel.
/// Errors: DataCorrupt that names the value, what the model expects, and the remedy.
std::vector<std::int64_t> match_channels(const SourceInfo& source,
                                         const graph::SignalContract& contract);

/// Factor from the source's unit to the contract's ("uV" to "V": 1e-6); 1 if either is unknown.
double unit_factor(const SourceInfo& source, const graph::SignalContract& contract);

}  // namespace nest::stream
