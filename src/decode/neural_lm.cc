#include "nest/decode/neural_lm.h"

#include <algorithm>

#include "executor_scorers.h"
#include "nest/core/error.h"
#include "nest/decode/options.h"

namespace nest::decode {

namespace {

/// State: b = 0: row a is computed; else token b - 1 is still to be run from row a.
class NeuralLm final : public LanguageModel {
 public:
  explicit NeuralLm(graph::Executor& executor)
      : executor_(executor), layout_(executor.model().graph("lm")) {
    const graph::Vocabulary& vocabulary = executor.model().vocabulary;
    vocab_ = static_cast<std::size_t>(vocabulary.size);
    width_ = static_cast<std::size_t>(layout_.size());
    eos_ = static_cast<std::size_t>(vocabulary.eos_id);
    pending_ = {{kStart, static_cast<TokenId>(vocabulary.sos_id), allocate()}};
    source_rows_.assign(width_, 0.0f);
    run();
  }

  LmState begin() const override { return {kStart, 0}; }

  float score(LmState state, TokenId token, LmState& next) const override {
    const float value = row(state)[static_cast<std::size_t>(token)];
    next = {state.a, static_cast<std::uint32_t>(token) + 1};
    return value;
  }
  float finish(LmState state) const override { return row(state)[eos_]; }
  bool is_shareable() const override { return false; }

  void prepare(std::span<LmState> states) override {
    pending_.clear();
    source_rows_.clear();
    for (LmState& state : states) {
      if (state.b == 0) continue;
      const std::uint32_t slot = allocate();
      pending_.push_back({state.a, static_cast<TokenId>(state.b) - 1, slot});
      const auto from = states_.begin() + static_cast<std::ptrdiff_t>(state.a * width_);
      source_rows_.insert(source_rows_.end(), from, from + static_cast<std::ptrdiff_t>(width_));
      state = {slot, 0};
    }
    if (!pending_.empty()) run();
  }

  void retain(std::span<const LmState> states) override {
    is_used_.assign(used_slots_, false);
    is_used_[kStart] = true;
    for (const LmState& state : states) is_used_[state.a] = true;
    free_.clear();
    for (std::uint32_t slot = 0; slot < used_slots_; ++slot) {
      if (!is_used_[slot]) free_.push_back(slot);
    }
  }

 private:
  static constexpr std::uint32_t kStart = 0;
  struct Pending {
    std::uint32_t from;
    TokenId token;
    std::uint32_t slot;
  };

  std::span<const float> row(LmState state) const {
    require(state.b == 0, ErrorCode::kInternal, "a language model state was not prepared");
    return std::span<const float>(log_probs_).subspan(state.a * vocab_, vocab_);
  }

  std::uint32_t allocate() {
    if (!free_.empty()) {
      const std::uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    ++used_slots_;
    states_.resize(used_slots_ * width_);
    log_probs_.resize(used_slots_ * vocab_);
    return static_cast<std::uint32_t>(used_slots_) - 1;
  }

  /// Runs every pending token from its source row.
  void run() {
    const auto n = static_cast<std::int64_t>(pending_.size());
    TensorMap inputs;
    Tensor tokens(DType::kI64, {n, 1});
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      tokens.mutable_data<std::int64_t>()[i] = pending_[i].token;
    }
    inputs["tokens"] = std::move(tokens);
    layout_.scatter(source_rows_, n, inputs);
    const TensorMap outputs = executor_.run("lm", inputs);
    result_rows_.resize(pending_.size() * width_);
    layout_.gather(outputs, n, result_rows_);
    const auto log_probs = outputs.at("log_probs").data<float>();
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      const std::size_t slot = pending_[i].slot;
      std::copy_n(result_rows_.data() + i * width_, width_, states_.data() + slot * width_);
      std::copy_n(log_probs.data() + i * vocab_, vocab_, log_probs_.data() + slot * vocab_);
    }
  }

  graph::Executor& executor_;
  StateLayout layout_;
  std::size_t vocab_ = 0, width_ = 0, eos_ = 0;
  std::size_t used_slots_ = 0;
  std::vector<float> states_, log_probs_;  ///< by slot
  std::vector<std::uint32_t> free_;
  std::vector<bool> is_used_;
  std::vector<Pending> pending_;
  std::vector<float> source_rows_, result_rows_;
};

}  // namespace

std::shared_ptr<LanguageModel> make_neural_lm(graph::Executor& executor) {
  return std::make_shared<NeuralLm>(executor);
}

std::shared_ptr<LanguageModel> make_neural_lm(std::unique_ptr<graph::Executor> executor) {
  struct Owner {
    std::unique_ptr<graph::Executor> executor;
    NeuralLm lm{*executor};
  };
  const auto owner = std::make_shared<Owner>(std::move(executor));
  return {owner, &owner->lm};
}

void rescore(std::vector<Hypothesis>& nbest, LanguageModel& lm, double weight,
             double length_alpha) {
  std::vector<LmState> states(nbest.size(), lm.begin());
  std::size_t longest = 0;
  for (Hypothesis& h : nbest) {
    h.lm_log_prob = 0;
    longest = std::max(longest, h.tokens.size());
  }
  for (std::size_t t = 0; t <= longest; ++t) {  // label by label, so that a neural model batches
    lm.prepare(states);
    for (std::size_t i = 0; i < nbest.size(); ++i) {
      Hypothesis& h = nbest[i];
      if (t < h.tokens.size()) h.lm_log_prob += lm.score(states[i], h.tokens[t], states[i]);
      if (t == h.tokens.size()) h.lm_log_prob += lm.finish(states[i]);
    }
    lm.retain(states);
  }
  for (Hypothesis& h : nbest) {
    h.score = (h.log_prob + h.bonus + weight * h.lm_log_prob) /
              length_penalty(static_cast<double>(h.tokens.size()), length_alpha);
  }
  std::stable_sort(nbest.begin(), nbest.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
}

}  // namespace nest::decode
