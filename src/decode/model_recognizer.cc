#include "nest/decode/model_recognizer.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "decoders.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/decode/fusion_parts.h"
#include "nest/decode/neural_lm.h"
#include "nest/graph/frames.h"
#include "nest/text/tokenizer.h"

namespace nest::decode {

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

const Tensor& output_of(const TensorMap& outputs, std::string_view port) {
  const auto it = outputs.find(port);
  require(it != outputs.end(), ErrorCode::kInternal, "the executor returned no '{}'", port);
  return it->second;
}

}  // namespace

ModelRecognizer::ModelRecognizer(graph::Executor& executor, const DecodeOptions& options,
                                 std::shared_ptr<const text::Tokenizer> tokenizer, Guides guides)
    : executor_(executor),
      options_(options),
      tokenizer_(std::move(tokenizer)),
      guides_(std::move(guides)),
      search_(executor) {
  validate(options);
  require(guides_.fusion != nullptr || !needs_fusion(options), ErrorCode::kInvalidArgument,
          "the options name a language model, hotwords, a vocabulary, banned tokens or a token "
          "bonus, but no fusion was handed over; recognize::make_recognizer() makes it");
  require(guides_.rescorer != nullptr || options.rescore_lm.empty(), ErrorCode::kInvalidArgument,
          "rescore_lm is {}, but no language model was handed over; recognize::make_recognizer() "
          "reads it",
          options.rescore_lm);
  decoder_ = make_decoder(search_.space(), options_, guides_.fusion);
  const graph::Model& model = executor.model();
  const double rate_hz = model.signal.rate_hz;
  frame_s_ = rate_hz > 0 ? static_cast<double>(graph::samples_per_frame(model)) / rate_hz : 0;
}

ModelRecognizer::ModelRecognizer(std::unique_ptr<graph::Executor> executor,
                                 const DecodeOptions& options,
                                 std::shared_ptr<const text::Tokenizer> tokenizer, Guides guides)
    : ModelRecognizer(*executor, options, std::move(tokenizer), std::move(guides)) {
  owned_ = std::move(executor);
}

ModelRecognizer::~ModelRecognizer() = default;

void ModelRecognizer::check_signal(std::size_t index, const Tensor& signal) const {
  const std::int64_t channels = executor_.model().signal.num_channels;
  require(signal.dtype() == DType::kF32 && signal.rank() == 2 &&
              (channels == 0 || signal.dim(0) == channels),
          ErrorCode::kInvalidArgument, "signal {} is {} {}; the model takes float32 [{}, samples]",
          index, name_of(signal.dtype()), to_string(signal.shape()), channels);
  require(graph::num_frames(executor_.model(), signal.dim(1)) > 0, ErrorCode::kInvalidArgument,
          "signal {} has {} samples, too few for one encoder frame", index, signal.dim(1));
}

ModelRecognizer::Encoded ModelRecognizer::encode(std::span<const Tensor> signals,
                                                 std::span<const std::size_t> batch) {
  const auto count = static_cast<std::int64_t>(batch.size());
  const std::int64_t channels = signals[batch[0]].dim(0);
  std::int64_t longest = 0;
  for (std::size_t i : batch) longest = std::max(longest, signals[i].dim(1));
  Tensor padded(DType::kF32, {count, channels, longest});
  Tensor lengths(DType::kI64, {count});
  Encoded result;
  bool is_padded = false;
  for (std::size_t b = 0; b < batch.size(); ++b) {
    const Tensor& signal = signals[batch[b]];
    const std::int64_t samples = signal.dim(1);
    const float* in = signal.data<float>().data();
    float* out =
        padded.mutable_data<float>().data() + static_cast<std::int64_t>(b) * channels * longest;
    for (std::int64_t c = 0; c < channels; ++c) {
      std::copy_n(in + c * samples, samples, out + c * longest);
    }
    lengths.mutable_data<std::int64_t>()[b] = samples;
    is_padded |= samples != longest;
    result.lengths.push_back(graph::num_frames(executor_.model(), samples));
  }
  TensorMap inputs{{"eeg_data", padded}};
  if (is_padded) inputs["lengths"] = lengths;
  result.frames = output_of(executor_.run("encoder", inputs), "encoder_output");
  if (search_.space().family == graph::Family::kCtc) {
    TensorMap head{{"encoder_output", result.frames}};
    if (is_padded) head["lengths"] = Tensor::from<std::int64_t>({count}, result.lengths);
    result.frames = output_of(executor_.run("ctc_head", head), "log_probs");
  }
  return result;
}

std::vector<std::vector<Hypothesis>> ModelRecognizer::decode(const Encoded& encoded,
                                                             std::vector<double>& decode_ms) {
  const auto data = encoded.frames.data<float>();
  const std::int64_t stride = encoded.frames.dim(1) * encoded.frames.dim(2);
  std::vector<std::span<const float>> utterances;
  for (std::size_t b = 0; b < encoded.lengths.size(); ++b) {
    utterances.push_back(
        data.subspan(b * static_cast<std::size_t>(stride),
                     static_cast<std::size_t>(encoded.lengths[b] * encoded.frames.dim(2))));
  }
  std::vector<std::vector<Hypothesis>> results;
  if (search_.space().family == graph::Family::kAttention) {
    const auto start = Clock::now();
    const Fusion none;
    results =
        decode_attention_batch(search_.space(), options_, guides_.fusion ? *guides_.fusion : none,
                               options_.beam_size == 1, utterances);
    decode_ms.assign(utterances.size(), ms_since(start) / static_cast<double>(utterances.size()));
    return results;
  }
  for (const auto& utterance : utterances) {
    const auto start = Clock::now();
    results.push_back(decoder_->decode(utterance));
    decode_ms.push_back(ms_since(start));
  }
  return results;
}

/// Ranks the list with the second language model, if there is one; returns the time.
double ModelRecognizer::rescore_nbest(std::vector<Hypothesis>& nbest) const {
  if (guides_.rescorer == nullptr) return 0;
  const auto start = Clock::now();
  rescore(nbest, *guides_.rescorer, options_.rescore_weight, options_.length_penalty);
  return ms_since(start);
}

Recognition ModelRecognizer::finish(std::vector<Hypothesis> nbest) const {
  Recognition result;
  for (Hypothesis& h : nbest) {
    set_times(h, frame_s_);
    result.nbest_texts.push_back(text_of(h.tokens, tokenizer_.get()));
  }
  const Hypothesis& best = nbest.front();
  result.tokens = best.tokens;
  result.times = best.times;
  result.confidences = best.confidences;
  result.text = result.nbest_texts.front();
  result.nbest = std::move(nbest);
  return result;
}

std::vector<Recognition> ModelRecognizer::recognize(std::span<const Tensor> signals) {
  std::vector<std::size_t> order(signals.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i : order) check_signal(i, signals[i]);
  // Similar lengths share a batch, so that little is padded.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return signals[a].dim(1) < signals[b].dim(1);
  });
  std::vector<Recognition> results(signals.size());
  const auto size = static_cast<std::size_t>(options_.batch_size);
  for (std::size_t begin = 0; begin < order.size(); begin += size) {
    const auto batch =
        std::span<const std::size_t>(order).subspan(begin, std::min(size, order.size() - begin));
    const auto start = Clock::now();
    const Encoded encoded = encode(signals, batch);
    const double encode_ms = ms_since(start) / static_cast<double>(batch.size());
    std::vector<double> decode_ms;
    auto nbests = decode(encoded, decode_ms);
    for (std::size_t b = 0; b < batch.size(); ++b) {
      decode_ms[b] += rescore_nbest(nbests[b]);
      results[batch[b]] = finish(std::move(nbests[b]));
      results[batch[b]].encode_ms = encode_ms;
      results[batch[b]].decode_ms = decode_ms[b];
    }
  }
  return results;
}

Json ModelRecognizer::info() const {
  const graph::Model& model = executor_.model();
  Json json;
  json["model"] = model.name;
  json["family"] = std::string(name_of(model.family));
  json["executor"] = executor_.describe();
  json["decoder"] = decoder_->describe();
  json["tokenizer"] = tokenizer_ ? std::string(tokenizer_->kind()) : "none (token ids)";
  json["vocab_size"] = search_.space().vocab_size;
  json["frame_s"] = frame_s_;
  json["options"] = nest::to_json(options_);
  return json;
}

}  // namespace nest::decode
