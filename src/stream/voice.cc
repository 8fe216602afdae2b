#include "voice.h"

#include <algorithm>

#include "nest/core/error.h"
#include "nest/decode/decoder.h"
#include "nest/graph/streaming.h"

namespace nest::stream {
namespace {

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

/// Errors: what no stream can run.
const recognize::Bundle& checked(const recognize::Bundle& bundle,
                                 const decode::DecodeOptions& decoding) {
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
  return bundle;
}

}  // namespace

Voice::Voice(const recognize::Bundle& bundle, const StreamConfig& config,
             const decode::DecodeOptions& decoding, Clock& clock)
    : prepared_(checked(bundle, decoding).runnable.prepared),
      machine_(std::make_shared<runtime::Machine>(bundle.runnable.executor.machine)),
      clock_(clock),
      frames_(make_frames(prepared_, machine_, config, clock)),
      block_(frames_->frames_per_hop()),
      executor_(prepared_, machine_),
      search_(executor_),
      segmenter_(model(), search_.space(),
                 decode::make_decoder(search_.space(), decoding,
                                      recognize::make_fusion(decoding, *bundle.languages)),
                 config.endpoint, bundle.tokenizer) {
  const graph::Graph& encoder = model().graph("encoder");
  dim_ = encoder.value(encoder.output("encoder_output").value).shape.back().constant();
  if (model().family != graph::Family::kCtc) return;
  head_.emplace(prepared_, "ctc_head", graph::Bindings{{"B", 1}, {"T", block_}},
                std::set<std::string>{}, machine_);
  head_in_ = head_->input("encoder_output");
  head_out_ = head_->output("log_probs");
}

std::span<const float> Voice::head(std::span<const float>& frames) {
  const std::size_t count = std::min(frames.size(), static_cast<std::size_t>(block_ * dim_));
  const std::span<const float> part = frames.first(count);
  frames = frames.subspan(count);
  if (!head_) return part;
  std::copy(part.begin(), part.end(), head_in_.begin());  // rows behind never touch these
  head_->run();
  return head_out_.first(count / static_cast<std::size_t>(dim_) *
                         (head_out_.size() / static_cast<std::size_t>(block_)));
}

void Voice::decode(std::span<const float> frames, LatencyLedger& ledger) {
  while (!frames.empty()) {
    const double begin_s = clock_.now_s();
    const std::span<const float> emissions = head(frames);
    const double head_s = clock_.now_s();
    segmenter_.step(emissions);
    ledger.model_ms += (head_s - begin_s) * 1e3;
    ledger.decode_ms += (clock_.now_s() - head_s) * 1e3;
  }
}

std::string Voice::describe() const {
  return fmt::format("{}; {}; {}", executor_.describe(), frames_->describe(),
                     segmenter_.describe());
}

}  // namespace nest::stream
