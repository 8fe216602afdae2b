#include "nest/decode/decoder.h"

#include "decoders.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/parallel.h"

namespace nest::decode {

namespace {

void check(const SearchSpace& space) {
  const auto inside = [&](TokenId id) { return id >= 0 && id < space.vocab_size; };
  require(space.vocab_size > 0, ErrorCode::kInvalidArgument, "the vocabulary is empty");
  if (space.family == graph::Family::kAttention) {
    require(space.attention != nullptr, ErrorCode::kInvalidArgument,
            "an attention model needs a step scorer");
    require(inside(space.sos_id) && (space.eos_id == -1 || inside(space.eos_id)),
            ErrorCode::kInvalidArgument, "start token {} or end token {} is outside [0, {})",
            space.sos_id, space.eos_id, space.vocab_size);
    return;
  }
  require(space.family != graph::Family::kBlock && space.family != graph::Family::kLanguage,
          ErrorCode::kInvalidArgument, "a {} cannot be decoded; only whole recognisers can",
          space.family == graph::Family::kBlock ? "single block" : "language model");
  require(inside(space.blank_id), ErrorCode::kInvalidArgument, "blank {} is outside [0, {})",
          space.blank_id, space.vocab_size);
  require(space.family != graph::Family::kTransducer || space.transducer != nullptr,
          ErrorCode::kInvalidArgument, "a transducer needs a transducer scorer");
}

std::unique_ptr<Decoder> make_greedy(const SearchSpace& space, const DecodeOptions& options) {
  check(space);
  validate(options);
  require_field(options.min_probability == 0 || space.family == graph::Family::kCtc,
                "min_probability", "is {}; only CTC models have silent frames",
                options.min_probability);
  switch (space.family) {
    case graph::Family::kCtc:
      return make_ctc_greedy(space, options);
    case graph::Family::kTransducer:
      return make_rnnt_greedy(space, options);
    default:
      return make_attention_greedy(space, options);
  }
}

std::unique_ptr<Decoder> make_beam(const SearchSpace& space, const DecodeOptions& options,
                                   std::shared_ptr<const Fusion> fusion) {
  check(space);
  validate(options);
  if (!fusion) fusion = std::make_shared<Fusion>();
  switch (space.family) {
    case graph::Family::kCtc:
      return make_ctc_beam(space, options, std::move(fusion));
    case graph::Family::kTransducer:
      return make_rnnt_beam(space, options, std::move(fusion));
    default:
      return make_attention_beam(space, options, std::move(fusion));
  }
}

}  // namespace

std::int64_t SearchSpace::frame_dim() const {
  if (family == graph::Family::kCtc) return vocab_size;
  if (family == graph::Family::kTransducer) return transducer->memory_dim();
  return attention->memory_dim();
}

std::vector<Hypothesis> Decoder::decode(std::span<const float> frames) {
  begin();
  step(frames);
  end();
  return nbest();
}

GreedyDecoder::GreedyDecoder(const SearchSpace& space, const DecodeOptions& options)
    : impl_(make_greedy(space, options)) {}
GreedyDecoder::~GreedyDecoder() = default;
void GreedyDecoder::begin() {
  impl_->begin();
}
void GreedyDecoder::step(std::span<const float> frames) {
  impl_->step(frames);
}
void GreedyDecoder::end() {
  impl_->end();
}
Partial GreedyDecoder::partial() const {
  return impl_->partial();
}
void GreedyDecoder::partial_into(Partial& into) const {
  impl_->partial_into(into);
}
std::vector<Hypothesis> GreedyDecoder::nbest() const {
  return impl_->nbest();
}
std::string GreedyDecoder::describe() const {
  return impl_->describe();
}

BeamSearchDecoder::BeamSearchDecoder(const SearchSpace& space, const DecodeOptions& options,
                                     std::shared_ptr<const Fusion> fusion)
    : impl_(make_beam(space, options, std::move(fusion))) {}
BeamSearchDecoder::~BeamSearchDecoder() = default;
void BeamSearchDecoder::begin() {
  impl_->begin();
}
void BeamSearchDecoder::step(std::span<const float> frames) {
  impl_->step(frames);
}
void BeamSearchDecoder::end() {
  impl_->end();
}
Partial BeamSearchDecoder::partial() const {
  return impl_->partial();
}
std::vector<Hypothesis> BeamSearchDecoder::nbest() const {
  return impl_->nbest();
}
std::string BeamSearchDecoder::describe() const {
  return impl_->describe();
}

BatchBeamSearch::BatchBeamSearch(const SearchSpace& space, const DecodeOptions& options,
                                 std::shared_ptr<const Fusion> fusion, int threads)
    : space_(space), options_(options), fusion_(std::move(fusion)), threads_(threads) {
  check(space);
  validate(options);
  if (!fusion_) fusion_ = std::make_shared<Fusion>();
}

std::vector<std::vector<Hypothesis>> BatchBeamSearch::decode(
    std::span<const std::span<const float>> utterances) {
  if (space_.family == graph::Family::kAttention) {
    return decode_attention_batch(space_, options_, *fusion_, false, utterances);
  }
  std::vector<std::vector<Hypothesis>> results(utterances.size());
  const bool parallel = space_.family == graph::Family::kCtc && fusion_->is_shareable();
  if (!parallel || threads_ == 1) {
    const auto decoder = make_beam(space_, options_, fusion_);
    for (std::size_t i = 0; i < utterances.size(); ++i) {
      results[i] = decoder->decode(utterances[i]);
    }
    return results;
  }
  parallel_for(utterances.size(), threads_, [&](std::size_t i) {
    results[i] = make_beam(space_, options_, fusion_)->decode(utterances[i]);
  });
  return results;
}

std::unique_ptr<Decoder> make_decoder(const SearchSpace& space, const DecodeOptions& options,
                                      std::shared_ptr<const Fusion> fusion) {
  if (options.beam_size > 1) {
    return std::make_unique<BeamSearchDecoder>(space, options, std::move(fusion));
  }
  require(fusion == nullptr, ErrorCode::kInvalidArgument,
          "a language model or biasing needs a beam of at least 2");
  return std::make_unique<GreedyDecoder>(space, options);
}

}  // namespace nest::decode
