#include <fmt/format.h>

#include "attention_search.h"

namespace nest::decode {

namespace {

/// Collects the memory as it streams in and searches once it is complete.
class AttentionDecoder final : public Decoder {
 public:
  AttentionDecoder(const SearchSpace& space, const DecodeOptions& options,
                   std::shared_ptr<const Fusion> fusion, bool is_greedy)
      : space_(space),
        options_(options),
        fusion_(std::move(fusion)),
        is_greedy_(is_greedy),
        search_(space, options, *fusion_, is_greedy) {}

  void begin() override {
    memory_.clear();
    frame_ = 0;
    result_.assign(1, {});
  }
  void step(std::span<const float> frames) override {
    const auto dim = static_cast<std::size_t>(space_.frame_dim());
    for_each_frame(frames, dim, frame_, [](std::span<const float>) {});
    frame_ += static_cast<std::int32_t>(frames.size() / dim);
    memory_.insert(memory_.end(), frames.begin(), frames.end());
  }
  void end() override {
    const std::span<const float> memory(memory_);
    result_ = std::move(search_.run({&memory, 1}).front());
  }
  Partial partial() const override { return {result_.front().tokens, {}}; }
  std::vector<Hypothesis> nbest() const override { return result_; }
  std::string describe() const override {
    return is_greedy_ ? "attention greedy" : fmt::format("attention beam {}", options_.beam_size);
  }

 private:
  SearchSpace space_;
  DecodeOptions options_;
  std::shared_ptr<const Fusion> fusion_;
  bool is_greedy_;
  AttentionSearch search_;
  std::vector<float> memory_;
  std::int32_t frame_ = 0;
  std::vector<Hypothesis> result_{1};
};

}  // namespace

std::unique_ptr<Decoder> make_attention_greedy(const SearchSpace& space,
                                               const DecodeOptions& options) {
  return std::make_unique<AttentionDecoder>(space, options, std::make_shared<Fusion>(), true);
}

std::unique_ptr<Decoder> make_attention_beam(const SearchSpace& space, const DecodeOptions& options,
                                             std::shared_ptr<const Fusion> fusion) {
  return std::make_unique<AttentionDecoder>(space, options, std::move(fusion), false);
}

std::vector<std::vector<Hypothesis>> decode_attention_batch(
    const SearchSpace& space, const DecodeOptions& options, const Fusion& fusion, bool is_greedy,
    std::span<const std::span<const float>> utterances) {
  return AttentionSearch(space, options, fusion, is_greedy).run(utterances);
}

}  // namespace nest::decode
