#include <cmath>

#include <fmt/format.h>

#include "decoders.h"
#include "nest/core/error.h"
#include "score_math.h"

namespace nest::decode {

namespace {

constexpr std::size_t kUsualTokens = 512;  // longer texts make room as they come

/// The best token of every frame; repeats merged, blanks dropped (Graves et al. 2006, best path).
class CtcGreedy final : public Decoder {
 public:
  CtcGreedy(const SearchSpace& space, const DecodeOptions& options)
      : space_(space), options_(options), row_(static_cast<std::size_t>(space.vocab_size)) {
    result_.tokens.reserve(kUsualTokens);
    result_.times.reserve(kUsualTokens);
    peaks_.reserve(kUsualTokens);
    begin();
  }

  void begin() override {
    clear(result_);
    peaks_.clear();
    last_ = space_.blank_id;
    frame_ = 0;
  }

  void step(std::span<const float> frames) override {
    const auto dim = static_cast<std::size_t>(space_.vocab_size);
    for_each_frame(frames, dim, frame_, [this](std::span<const float> f) { take(f); });
  }

  void end() override { result_.finished = true; }

  Partial partial() const override { return {result_.tokens, {}}; }
  void partial_into(Partial& into) const override {
    into.committed = result_.tokens;
    into.tentative.clear();
  }

  std::vector<Hypothesis> nbest() const override {
    Hypothesis best = result_;
    for (double peak : peaks_) {
      best.confidences.push_back(tempered_confidence(peak, options_.confidence_temperature));
    }
    best.score = best.log_prob /
                 length_penalty(static_cast<double>(best.tokens.size()), options_.length_penalty);
    return {best};
  }

  std::string describe() const override {
    if (options_.min_probability == 0) return "ctc greedy";
    return fmt::format("ctc greedy, tokens from {}", options_.min_probability);
  }

 private:
  void take(std::span<const float> frame) {
    log_softmax_if(frame, options_.temperature, row_);
    const std::span<const float> row = options_.temperature == 1 ? frame : row_;
    TokenId best = 0;
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (row[i] > row[static_cast<std::size_t>(best)]) best = static_cast<TokenId>(i);
    }
    if (std::exp(row[static_cast<std::size_t>(best)]) < options_.min_probability)
      best = space_.blank_id;
    const double log_prob = row[static_cast<std::size_t>(best)];
    result_.log_prob += log_prob;
    if (best != space_.blank_id) {
      if (best == last_) {
        result_.times.back().end_frame = frame_ + 1;
        peaks_.back() = std::max(peaks_.back(), log_prob);
      } else {
        result_.tokens.push_back(best);
        result_.times.push_back({frame_, frame_ + 1, 0, 0});
        peaks_.push_back(log_prob);
      }
    }
    last_ = best;
    ++frame_;
  }

  SearchSpace space_;
  DecodeOptions options_;
  Hypothesis result_;
  std::vector<double> peaks_;
  std::vector<float> row_;
  TokenId last_ = 0;
  std::int32_t frame_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_ctc_greedy(const SearchSpace& space, const DecodeOptions& options) {
  return std::make_unique<CtcGreedy>(space, options);
}

}  // namespace nest::decode
