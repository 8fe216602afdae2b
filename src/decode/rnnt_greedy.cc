#include "decoders.h"

namespace nest::decode {

namespace {

/// The best symbol again and again until it is the blank, at most max_symbols a frame.
class RnntGreedy final : public Decoder {
 public:
  RnntGreedy(const SearchSpace& space, const DecodeOptions& options)
      : space_(space),
        options_(options),
        scorer_(*space.transducer),
        state_(static_cast<std::size_t>(scorer_.state_size())),
        next_state_(state_.size()),
        prediction_(static_cast<std::size_t>(scorer_.prediction_dim())),
        logits_(static_cast<std::size_t>(space.vocab_size)),
        row_(logits_.size()) {
    begin();
  }

  void begin() override {
    clear(result_);
    frame_ = 0;
    std::fill(state_.begin(), state_.end(), 0.0f);
    predict(space_.blank_id);
  }

  void step(std::span<const float> frames) override {
    const auto dim = static_cast<std::size_t>(scorer_.memory_dim());
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
    best.score = best.log_prob /
                 length_penalty(static_cast<double>(best.tokens.size()), options_.length_penalty);
    return {best};
  }
  std::string describe() const override {
    return "rnn-t greedy, at most " + std::to_string(options_.max_symbols) + " symbols a frame";
  }

 private:
  void predict(TokenId token) {
    scorer_.predict({&token, 1}, state_, next_state_, prediction_);
    state_.swap(next_state_);
  }

  void take(std::span<const float> frame) {
    for (int symbols = 0; symbols < options_.max_symbols; ++symbols) {
      scorer_.join(frame, prediction_, logits_);
      log_softmax<float, double>(logits_, options_.temperature, row_);
      const auto best =
          static_cast<TokenId>(std::max_element(row_.begin(), row_.end()) - row_.begin());
      const double log_prob = row_[static_cast<std::size_t>(best)];
      result_.log_prob += log_prob;
      if (best == space_.blank_id) break;
      result_.tokens.push_back(best);
      result_.times.push_back({frame_, frame_ + 1, 0, 0});
      result_.confidences.push_back(tempered_confidence(log_prob, options_.confidence_temperature));
      predict(best);
    }
    ++frame_;
  }

  SearchSpace space_;
  DecodeOptions options_;
  TransducerScorer& scorer_;
  std::vector<float> state_, next_state_, prediction_, logits_;
  std::vector<double> row_;
  Hypothesis result_;
  std::int32_t frame_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_rnnt_greedy(const SearchSpace& space, const DecodeOptions& options) {
  return std::make_unique<RnntGreedy>(space, options);
}

}  // namespace nest::decode
