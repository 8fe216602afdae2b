#include "nest/decode/model_recognizer.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "decoders.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/decode/emissions.h"
#include "nest/decode/fusion_parts.h"
#include "nest/decode/neural_lm.h"
#include "nest/graph/pass_cost.h"
#include "nest/text/tokenizer.h"

namespace nest::decode {

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
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
  frame_s_ = frame_seconds(executor.model());
}

ModelRecognizer::ModelRecognizer(std::unique_ptr<graph::Executor> executor,
                                 const DecodeOptions& options,
                                 std::shared_ptr<const text::Tokenizer> tokenizer, Guides guides)
    : ModelRecognizer(*executor, options, std::move(tokenizer), std::move(guides)) {
  owned_ = std::move(executor);
}

ModelRecognizer::~ModelRecognizer() = default;

void ModelRecognizer::check_signal(std::size_t index, const Tensor& signal) const {
  decode::check_signal(executor_.model(), index, signal);
}

ModelRecognizer::Encoded ModelRecognizer::encode(std::span<const Tensor> signals,
                                                 std::span<const std::size_t> batch) {
  std::vector<Tensor> chosen;
  for (const std::size_t i : batch) chosen.push_back(signals[i]);
  Emissions emissions = emissions_of(executor_, chosen);
  return {std::move(emissions.frames), std::move(emissions.lengths)};
}

std::vector<std::vector<Hypothesis>> ModelRecognizer::decode(const Encoded& encoded,
                                                             std::vector<double>& decode_ms) {
  std::vector<std::span<const float>> utterances;
  const Emissions emissions{encoded.frames, encoded.lengths};
  for (std::size_t b = 0; b < emissions.lengths.size(); ++b) utterances.push_back(emissions.of(b));
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
  return recognition_of(std::move(nbest), frame_s_, tokenizer_.get());
}

std::vector<Recognition> ModelRecognizer::recognize(std::span<const Tensor> signals) {
  std::vector<std::size_t> order(signals.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (const std::size_t i : order) check_signal(i, signals[i]);
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
  json["parameters"] = model.num_parameters();
  const graph::PassCost pass = graph::pass_cost(model);
  json["macs"] = pass.macs;
  json["macs_samples"] = pass.samples;
  json["executor"] = executor_.describe();
  json["decoder"] = decoder_->describe();
  json["tokenizer"] = tokenizer_ ? std::string(tokenizer_->kind()) : "none (token ids)";
  json["vocab_size"] = search_.space().vocab_size;
  json["frame_s"] = frame_s_;
  json["options"] = nest::to_json(options_);
  return json;
}

}  // namespace nest::decode
