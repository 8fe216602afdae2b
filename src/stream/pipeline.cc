#include "nest/stream/pipeline.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "frame_maker.h"
#include "geometry.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/decode/decoder.h"
#include "nest/decode/search_space.h"
#include "nest/graph/frames.h"
#include "nest/graph/streaming.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/session.h"

namespace nest::stream {
namespace {

/// Samples filtered at once; longer pushes are cut, which changes nothing in the result.
constexpr std::int64_t kBlockSamples = 1024;

/// Errors: under mode "incremental" Unsupported naming what looks ahead.
bool is_incremental(const graph::Model& model, const StreamConfig& config) {
  const bool has_step = model.graphs.contains("encoder_step");
  if (config.mode == StreamMode::kIncremental && !has_step) {
    graph::make_streaming_step(model.graph("encoder"));  // says why
    fail(ErrorCode::kInvalidArgument,
         "the model was prepared without its streaming step; prepare the original model again");
  }
  if (config.mode != StreamMode::kAuto) return config.mode == StreamMode::kIncremental;
  return has_step && config.window_s == 0 && !is_of_window(model.signal.normalization);
}

std::unique_ptr<FrameMaker> make_frames(const std::shared_ptr<const runtime::PreparedModel>& model,
                                        const std::shared_ptr<runtime::Machine>& machine,
                                        const StreamConfig& config, Clock& clock) {
  return is_incremental(model->model(), config)
             ? make_incremental_frames(model, machine, config, clock)
             : make_windowed_frames(model, machine, config, clock);
}

/// The CTC head for up to `block` frames at a time; passes the frames of other models on.
class Head {
 public:
  Head(const std::shared_ptr<const runtime::PreparedModel>& model,
       std::shared_ptr<runtime::Machine> machine, std::int64_t block)
      : block_(block) {
    const graph::Graph& encoder = model->model().graph("encoder");
    dim_ = encoder.value(encoder.output("encoder_output").value).shape.back().constant();
    if (model->model().family != graph::Family::kCtc) return;
    session_.emplace(model, "ctc_head", graph::Bindings{{"B", 1}, {"T", block}},
                     std::set<std::string>{}, std::move(machine));
    input_ = session_->input("encoder_output");
    output_ = session_->output("log_probs");
  }

  std::int64_t dim() const { return dim_; }
  /// What the decoder takes for the first frames of `frames`, which are cut off it.
  std::span<const float> run(std::span<const float>& frames) {
    const std::size_t count = std::min(frames.size(), static_cast<std::size_t>(block_ * dim_));
    const std::span<const float> part = frames.first(count);
    frames = frames.subspan(count);
    if (!session_) return part;
    std::copy(part.begin(), part.end(), input_.begin());  // rows behind never touch these
    session_->run();
    return output_.first(count / static_cast<std::size_t>(dim_) *
                         (output_.size() / static_cast<std::size_t>(block_)));
  }

 private:
  std::int64_t block_;
  std::int64_t dim_ = 0;
  std::optional<runtime::Session> session_;
  std::span<float> input_;
  std::span<const float> output_;
};

}  // namespace

struct StreamingInference::Impl {
  Impl(const recognize::Bundle& bundle, const StreamConfig& stream_config,
       const decode::DecodeOptions& decoding, Clock& stream_clock)
      : prepared(bundle.runnable.prepared),
        machine(std::make_shared<runtime::Machine>(bundle.runnable.executor.machine)),
        config(stream_config),
        clock(stream_clock),
        model(prepared->model()),
        processor(model.signal, contract::match(contract::source_of(model.signal), model.signal)),
        quality(model.signal, processor.match()),
        frames(make_frames(prepared, machine, config, clock)),
        head(prepared, machine, frames->frames_per_hop()),
        executor(prepared, machine),
        tokenizer(bundle.tokenizer),
        search(executor),
        decoder(decode::make_decoder(search.space(), decoding,
                                     recognize::make_fusion(decoding, *bundle.languages))),
        monitor(100000, config.max_latency_ms) {
    make_room();
    decoder->begin();
  }

  void make_room() {
    room = std::max(processor.max_output(kBlockSamples), processor.max_finish());
    filtered.resize(static_cast<std::size_t>(model.signal.num_channels * room));
  }
  signal::SignalView<float> filtered_view(std::int64_t samples) {
    return {filtered.data(), model.signal.num_channels, samples, room};
  }

  template <class T>
  void push(signal::SignalView<const T> samples, double at_s, std::int64_t lost, const Sink& sink);
  /// What waits in the resampler goes to the encoder.
  void flush(const FrameMaker::Sink& handle);

  /// Samples are missing here: frames and times begin anew behind them.
  void begin_after(std::int64_t lost, const FrameMaker::Sink& handle);
  /// Seconds since the first sample of samples heard since the last gap.
  double time_of(std::int64_t samples) const {
    return origins.back().time_s + static_cast<double>(samples) / model.signal.rate_hz;
  }
  void set_times(decode::Hypothesis& hypothesis) const;

  void handle(const NewFrames& made, const Sink& sink);
  void decode(std::span<const float> made, LatencyLedger& ledger);
  void emit(const Sink& sink, const LatencyLedger& ledger);

  std::shared_ptr<const runtime::PreparedModel> prepared;
  std::shared_ptr<runtime::Machine> machine;
  StreamConfig config;
  Clock& clock;
  const graph::Model& model;
  contract::ContractProcessor processor;
  contract::QualityMonitor quality;
  std::unique_ptr<FrameMaker> frames;
  Head head;
  runtime::NativeExecutor executor;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  decode::ModelSearchSpace search;
  std::unique_ptr<decode::Decoder> decoder;
  LatencyMonitor monitor;
  std::int64_t room = 0;
  std::vector<float> filtered;  ///< [channels, room]
  std::int64_t samples_in = 0;  ///< heard since the last gap
  std::int64_t gap_count = 0;
  /// Where the frames behind a gap begin.
  struct Origin {
    std::int64_t frame = 0;
    double time_s = 0;
  };
  std::vector<Origin> origins{{}};
  std::int64_t frames_decoded = 0;
  std::int64_t received = 0;  ///< samples of the source, with the lost ones
  decode::Hypothesis closed;
  double arrival_s = 0;
  double started_s = 0;
  decode::Partial partial;
};

void StreamingInference::Impl::emit(const Sink& sink, const LatencyLedger& ledger) {
  partial = decoder->partial();
  if (!sink) return;
  StreamEvent event;
  event.time_s = time_of(samples_in);
  event.committed = partial.committed;
  event.tentative = partial.tentative;
  event.latency = ledger;
  sink(event);
}

void StreamingInference::Impl::decode(std::span<const float> made, LatencyLedger& ledger) {
  frames_decoded += static_cast<std::int64_t>(made.size()) / head.dim();
  while (!made.empty()) {
    const double begin_s = clock.now_s();
    const std::span<const float> emissions = head.run(made);
    const double head_s = clock.now_s();
    decoder->step(emissions);
    ledger.model_ms += (head_s - begin_s) * 1e3;
    ledger.decode_ms += (clock.now_s() - head_s) * 1e3;
  }
}

void StreamingInference::Impl::handle(const NewFrames& made, const Sink& sink) {
  samples_in = made.end_sample;
  LatencyLedger ledger;
  ledger.wait_ms = (started_s - arrival_s) * 1e3;
  ledger.preprocess_ms = (made.begin_s - started_s) * 1e3;
  ledger.model_ms = (made.end_s - made.begin_s) * 1e3;
  decode(made.values, ledger);
  ledger.age_ms = (clock.now_s() - arrival_s) * 1e3;
  monitor.record(ledger);
  emit(sink, ledger);
  started_s = clock.now_s();
}

StreamingInference::StreamingInference(const recognize::Bundle& bundle, const StreamConfig& config,
                                       const decode::DecodeOptions& decoding, Clock& clock) {
  validate(config);
  decode::validate(decoding);
  const graph::Model& model = bundle.model();
  require(bundle.runnable.prepared != nullptr, ErrorCode::kUnsupported,
          "streams run on the native executor, not on '{}'", bundle.runnable.executor.executor);
  require(model.family == graph::Family::kCtc || model.family == graph::Family::kTransducer,
          ErrorCode::kUnsupported,
          "model '{}' has an attention decoder, which needs the whole utterance; use nest decode",
          model.name);
  require(decoding.rescore_lm.empty(), ErrorCode::kInvalidArgument,
          "rescore_lm {} ranks finished utterances; a stream has none, use lm",
          decoding.rescore_lm);
  impl_ = std::make_unique<Impl>(bundle, config, decoding, clock);
}

StreamingInference::~StreamingInference() = default;

void StreamingInference::connect(const SourceInfo& source, const contract::MatchOptions& options) {
  Impl& s = *impl_;
  const graph::SignalContract& signal = s.model.signal;
  s.processor = contract::ContractProcessor(signal, contract::match(source, signal, options));
  s.quality = contract::QualityMonitor(signal, s.processor.match());
  s.make_room();
  s.frames->reset();
}

void StreamingInference::Impl::flush(const FrameMaker::Sink& handle) {
  const std::int64_t made = processor.finish(filtered_view(room));
  if (made > 0) frames->push(filtered_view(made), handle);
}

void StreamingInference::Impl::begin_after(std::int64_t lost, const FrameMaker::Sink& handle) {
  ++gap_count;
  flush(handle);
  frames->reset();
  quality.end_segment();
  received += lost;
  origins.push_back({frames_decoded, static_cast<double>(received) / processor.match().rate_hz});
  samples_in = 0;
}

void StreamingInference::Impl::set_times(decode::Hypothesis& hypothesis) const {
  const double frame_s =
      static_cast<double>(graph::samples_per_frame(model)) / model.signal.rate_hz;
  for (decode::TokenSpan& span : hypothesis.times) {
    const auto behind = std::upper_bound(
        origins.begin(), origins.end(), span.start_frame,
        [](std::int64_t frame, const Origin& origin) { return frame < origin.frame; });
    const Origin& origin = *std::prev(behind);
    const auto seconds = [&](std::int32_t frame) {
      return origin.time_s + static_cast<double>(frame - origin.frame) * frame_s;
    };
    span.start_s = seconds(span.start_frame);
    span.end_s = seconds(span.end_frame);
  }
}

template <class T>
void StreamingInference::Impl::push(signal::SignalView<const T> samples, double at_s,
                                    std::int64_t lost, const Sink& sink) {
  require(samples.channels == processor.match().source_rows, ErrorCode::kInvalidArgument,
          "{} channels pushed; the source has {}", samples.channels, processor.match().source_rows);
  const FrameMaker::Sink handle_frames = [this, &sink](const NewFrames& made) {
    handle(made, sink);
  };
  started_s = clock.now_s();
  if (lost > 0) {
    require(config.gap_policy == GapPolicy::kReset, ErrorCode::kDataCorrupt,
            "{} samples were lost after sample {}; `gap_policy` reset goes on", lost, samples_in);
    begin_after(lost, handle_frames);
  }
  received += samples.samples;
  arrival_s = at_s;
  quality.add(samples);
  for (std::int64_t at = 0; at < samples.samples; at += kBlockSamples) {
    const auto block = samples.slice(at, std::min(kBlockSamples, samples.samples - at));
    const std::int64_t made = processor.process(block, filtered_view(room));
    if (made > 0) frames->push(filtered_view(made), handle_frames);
  }
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
  Impl& s = *impl_;
  s.started_s = s.clock.now_s();
  s.flush([&](const NewFrames& made) { s.handle(made, sink); });
  LatencyLedger ledger;
  s.frames->finish([&](const NewFrames& made) {
    s.samples_in = std::max(s.samples_in, made.end_sample);
    s.decode(made.values, ledger);
  });
  s.decoder->end();
  auto best = s.decoder->nbest();
  if (!best.empty()) s.closed = std::move(best.front());
  s.set_times(s.closed);
  s.partial = {s.closed.tokens, {}};
  if (!sink) return;
  StreamEvent event;
  event.time_s = s.time_of(s.samples_in);
  event.committed = s.partial.committed;
  sink(event);
}

const decode::Hypothesis& StreamingInference::hypothesis() const {
  return impl_->closed;
}

std::string StreamingInference::text_of(std::span<const decode::TokenId> tokens) const {
  return decode::text_of(tokens, impl_->tokenizer.get());
}

const graph::SignalContract& StreamingInference::contract() const {
  return impl_->model.signal;
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
  return impl_->gap_count;
}
std::int64_t StreamingInference::hops() const {
  return impl_->monitor.statistics().count;
}

std::string StreamingInference::describe() const {
  return fmt::format("{}; {}; {}", impl_->executor.describe(), impl_->frames->describe(),
                     impl_->decoder->describe());
}

}  // namespace nest::stream
