#include "nest/stream/pipeline.h"

#include <algorithm>
#include <optional>

#include "geometry.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/decode/model_recognizer.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/session.h"
#include "nest/signal/sliding_window.h"
#include "nest/signal/window_norm.h"
#include "nest/text/tokenizer.h"

namespace nest::stream {
namespace {

/// Samples filtered at once; longer pushes are cut, which changes nothing in the result.
constexpr std::int64_t kBlockSamples = 1024;

OnlinePreprocessorOptions preprocessing(const graph::SignalContract& contract) {
  OnlinePreprocessorOptions options;
  options.channels = static_cast<int>(contract.num_channels);
  options.rate_hz = contract.rate_hz;
  options.bandpass_hz = contract.bandpass_hz;
  options.order = contract.bandpass_order;
  if (contract.notch_hz > 0) options.notch_hz = {contract.notch_hz};
  options.notch_q = contract.notch_q;
  options.start = "steady";
  if (contract.ref_electrode == "average") {
    options.ref_electrode = "average";
  } else if (!contract.ref_electrode.empty()) {
    const auto& names = contract.channels;
    const auto found = std::find(names.begin(), names.end(), contract.ref_electrode);
    require(found != names.end(), ErrorCode::kUnsupported,
            "the reference electrode {} is not among the model's channels", contract.ref_electrode);
    options.ref_electrode = "channels";
    options.ref_channels = {static_cast<int>(found - names.begin())};
  }
  if (contract.normalization == "fixed" || contract.normalization == "running") {
    options.normalization = contract.normalization;
    options.mean = contract.mean;
    options.stddev = contract.stddev;
  }
  return options;
}

std::shared_ptr<const text::Tokenizer> tokenizer_of(const graph::Model& model) {
  if (model.vocabulary.tokenizer.is_null()) return nullptr;
  return text::tokenizer_from_json(model.vocabulary.tokenizer, model.name);
}

SlidingWindowOptions windowing(const graph::Model& model, const Geometry& geometry) {
  return {.channels = static_cast<int>(model.signal.num_channels),
          .window_samples = geometry.window_samples,
          .hop_samples = geometry.hop_samples};
}

/// Normalisation of each window by itself; "none" where samples were normalised on arrival.
signal::WindowNormOptions window_norm(const graph::SignalContract& contract) {
  const std::string& kind = contract.normalization;
  return {.kind = kind == "fixed" || kind == "running" ? "none" : kind};
}

}  // namespace

struct StreamingInference::Impl {
  Impl(std::shared_ptr<const runtime::PreparedModel> prepared_model,
       const StreamConfig& stream_config, const decode::DecodeOptions& decoding,
       Clock& stream_clock)
      : prepared(std::move(prepared_model)),
        config(stream_config),
        clock(stream_clock),
        model(prepared->model()),
        geometry(make_geometry(model, config)),
        preprocessor(preprocessing(model.signal)),
        windows(windowing(model, geometry)),
        norm(window_norm(model.signal)),
        executor(prepared),
        tokenizer(tokenizer_of(model)),
        recognizer(executor, decoding, tokenizer),
        decoder(decode::make_decoder(recognizer.space(), decoding,
                                     decode::make_fusion(decoding, tokenizer.get()))),
        encoder(prepared, "encoder", {{"B", 1}, {"T", geometry.window_samples}}),
        monitor(100000, config.max_latency_ms),
        filtered(static_cast<std::size_t>(model.signal.num_channels * kBlockSamples)) {
    if (model.family == graph::Family::kCtc) {
      head.emplace(prepared, "ctc_head", graph::Bindings{{"B", 1}, {"T", geometry.window_frames}});
    }
    decoder->begin();
  }

  void run_window(SignalView<const float> window, const Sink& sink);
  std::span<const float> encode(SignalView<const float> window);
  void decode_frames(std::int64_t begin, std::int64_t end, const Sink& sink, LatencyLedger& ledger);
  void emit(const Sink& sink, const LatencyLedger& ledger);

  std::shared_ptr<const runtime::PreparedModel> prepared;
  StreamConfig config;
  Clock& clock;
  const graph::Model& model;
  Geometry geometry;
  OnlinePreprocessor preprocessor;
  SlidingWindowProcessor windows;
  signal::WindowNormOptions norm;
  runtime::NativeExecutor executor;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  decode::ModelRecognizer recognizer;
  std::unique_ptr<decode::Decoder> decoder;
  runtime::Session encoder;
  std::optional<runtime::Session> head;
  LatencyMonitor monitor;
  std::vector<float> filtered;
  std::span<const float> frames;   ///< of the newest window: [window_frames, dim]
  std::int64_t decoded_until = 0;  ///< frames of the newest window that are decoded
  std::int64_t samples_in = 0;
  std::int64_t gap_count = 0;
  double arrival_s = 0;
  double started_s = 0;
  decode::Partial partial;
};

std::span<const float> StreamingInference::Impl::encode(SignalView<const float> window) {
  const std::span<float> input = encoder.input("eeg_data");
  for (std::int64_t c = 0; c < window.channels; ++c) {
    std::copy_n(window.row(c), window.samples, input.data() + c * window.samples);
  }
  if (norm.kind != "none") signal::normalize_window(norm, input, window.channels);
  encoder.run();
  const std::span<const float> output = encoder.output("encoder_output");
  if (!head) return output;
  std::copy(output.begin(), output.end(), head->input("encoder_output").begin());
  head->run();
  return head->output("log_probs");
}

void StreamingInference::Impl::emit(const Sink& sink, const LatencyLedger& ledger) {
  partial = decoder->partial();
  if (!sink) return;
  StreamEvent event;
  event.time_s = static_cast<double>(samples_in) / model.signal.rate_hz;
  event.committed = partial.committed;
  event.tentative = partial.tentative;
  event.latency = ledger;
  sink(event);
}

void StreamingInference::Impl::decode_frames(std::int64_t begin, std::int64_t end, const Sink& sink,
                                             LatencyLedger& ledger) {
  const double start_s = clock.now_s();
  const std::size_t dim = frames.size() / static_cast<std::size_t>(geometry.window_frames);
  decoder->step(frames.subspan(static_cast<std::size_t>(begin) * dim,
                               static_cast<std::size_t>(end - begin) * dim));
  decoded_until = end;
  const double end_s = clock.now_s();
  ledger.decode_ms = (end_s - start_s) * 1e3;
  ledger.age_ms = (end_s - arrival_s) * 1e3;
  monitor.record(ledger);
  emit(sink, ledger);
}

void StreamingInference::Impl::run_window(SignalView<const float> window, const Sink& sink) {
  LatencyLedger ledger;
  const double start_s = clock.now_s();
  ledger.wait_ms = (started_s - arrival_s) * 1e3;
  ledger.preprocess_ms = (start_s - started_s) * 1e3;
  frames = encode(window);
  ledger.model_ms = (clock.now_s() - start_s) * 1e3;
  const std::int64_t ready = geometry.window_frames - geometry.lookahead_frames;
  // The window moved on by one hop, so what was decoded up to d is now up to d - hop.
  const std::int64_t begin = windows.emitted() <= 1 ? 0 : decoded_until - geometry.hop_frames;
  decode_frames(begin, ready, sink, ledger);
}

StreamingInference::StreamingInference(std::shared_ptr<const runtime::PreparedModel> model,
                                       const StreamConfig& config,
                                       const decode::DecodeOptions& decoding, Clock& clock) {
  validate(config);
  require(model->model().family == graph::Family::kCtc ||
              model->model().family == graph::Family::kTransducer,
          ErrorCode::kUnsupported,
          "model '{}' has an attention decoder, which needs the whole utterance; use nest decode",
          model->model().name);
  impl_ = std::make_unique<Impl>(std::move(model), config, decoding, clock);
}

StreamingInference::~StreamingInference() = default;

void StreamingInference::push(SignalView<const float> samples, double arrival_s, std::int64_t lost,
                              const Sink& sink) {
  Impl& s = *impl_;
  require(samples.channels == s.model.signal.num_channels, ErrorCode::kInvalidArgument,
          "{} channels pushed; the model takes {}", samples.channels, s.model.signal.num_channels);
  if (lost > 0) {
    require(s.config.gap_policy == "reset", ErrorCode::kDataCorrupt,
            "{} samples were lost after sample {}; --gap-policy reset goes on", lost, s.samples_in);
    ++s.gap_count;
    s.preprocessor.handle_gap();
    s.windows.reset();
    s.decoded_until = 0;
  }
  s.arrival_s = arrival_s;
  s.started_s = s.clock.now_s();
  for (std::int64_t at = 0; at < samples.samples; at += kBlockSamples) {
    const auto block = samples.slice(at, std::min(kBlockSamples, samples.samples - at));
    const SignalView<float> out(s.filtered.data(), block.channels, block.samples);
    s.preprocessor.process(block, out);
    s.windows.push(out, [&](const SlidingWindowProcessor::Window& window) {
      s.samples_in = window.start_sample + window.data.samples;
      s.run_window(window.data, sink);
      s.started_s = s.clock.now_s();
    });
  }
}

void StreamingInference::finish(const Sink& sink) {
  Impl& s = *impl_;
  LatencyLedger ledger;
  s.arrival_s = s.clock.now_s();
  if (s.windows.emitted() > 0 && s.decoded_until < s.geometry.window_frames) {
    s.decode_frames(s.decoded_until, s.geometry.window_frames, nullptr, ledger);
  }
  s.decoder->end();
  const auto best = s.decoder->nbest();
  s.partial = {best.empty() ? std::vector<decode::TokenId>{} : best.front().tokens, {}};
  if (!sink) return;
  StreamEvent event;
  event.time_s = static_cast<double>(s.samples_in) / s.model.signal.rate_hz;
  event.committed = s.partial.committed;
  sink(event);
}

std::string StreamingInference::text_of(std::span<const decode::TokenId> tokens) const {
  return impl_->recognizer.text_of(tokens);
}

const graph::SignalContract& StreamingInference::contract() const {
  return impl_->model.signal;
}
const LatencyMonitor& StreamingInference::latency() const {
  return impl_->monitor;
}
const PreprocessCounts& StreamingInference::preprocess_counts() const {
  return impl_->preprocessor.counts();
}
std::int64_t StreamingInference::gaps() const {
  return impl_->gap_count;
}
std::int64_t StreamingInference::hops() const {
  return impl_->monitor.statistics().count;
}

std::string StreamingInference::describe() const {
  const Geometry& g = impl_->geometry;
  return fmt::format(
      "{}; window {} samples ({} frames), hop {} ({} frames), look-ahead {} frames; {}",
      impl_->executor.describe(), g.window_samples, g.window_frames, g.hop_samples, g.hop_frames,
      g.lookahead_frames, impl_->decoder->describe());
}

}  // namespace nest::stream
