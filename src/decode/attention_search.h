#pragma once

#include <vector>

#include "candidate_pool.h"
#include "decoders.h"

namespace nest::decode {

/// Label-synchronous beam search for any number of utterances in one batch.
///
/// Each step extends every live hypothesis by every token and ranks by the raw score (sum of
/// logarithms; no penalty). A candidate that ends is set aside, frozen, if it ranks within the
/// first 2 * beam_size; the best beam_size others stay live. Penalties are applied once, when all
/// is finished (Wu et al. 2016, eq. 14). Greedy takes the single best candidate instead.
///
/// An utterance stops when nothing that is live can still enter its n-best list: no gain may come
/// (tokens only cost), and even the largest length penalty does not lift the best live score above
/// the last place. So stopping early never changes the result.
class AttentionSearch {
 public:
  AttentionSearch(const SearchSpace& space, const DecodeOptions& options, const Fusion& fusion,
                  bool is_greedy);
  std::vector<std::vector<Hypothesis>> run(std::span<const std::span<const float>> utterances);

 private:
  /// A token of a history; histories share their past.
  struct Step {
    std::int32_t previous;
    TokenId token;
    std::int32_t frame;  ///< where the attention was highest
    double log_prob;
  };
  struct Live {
    std::int32_t utterance = 0;
    std::int32_t step = -1;  ///< last token in steps_; -1: none
    TokenId token = 0;
    double log_prob = 0;
    double score = 0;
    FusionState state;
    FusionGain gain;
  };
  struct Group {
    std::size_t begin, end;
  };

  void set_memory(std::span<const std::span<const float>> utterances);
  void start(std::size_t count);
  void advance(int length);
  void score_rows();
  void track_attention();
  void search_group(Group group, int length);
  void extend_row(std::size_t row, int length);
  void take_candidates(int length);
  void keep(const Candidate& candidate);
  void close(const Candidate& candidate, int length);
  bool is_settled(std::int32_t utterance, double best_live) const;
  Hypothesis hypothesis(const Live& live, int generated, bool finished,
                        std::size_t coverage_row) const;
  double penalised(const Live& live, int generated, bool finished, double coverage) const;
  void gather();
  void prepare_fusion();
  std::span<const double> row(std::size_t i) const {
    return std::span<const double>(log_probs_).subspan(i * vocab_, vocab_);
  }

  SearchSpace space_;
  DecodeOptions options_;
  const Fusion& fusion_;
  StepScorer& scorer_;
  std::size_t vocab_;
  std::size_t state_size_ = 0;
  std::size_t beam_, rank_limit_;
  LengthConvention convention_;
  std::vector<double> bounds_;

  std::size_t max_frames_ = 0;
  std::vector<std::int64_t> lengths_;
  std::vector<float> memory_;
  std::vector<Step> steps_;
  std::vector<Live> live_, next_;
  std::vector<std::size_t> parents_;  ///< row each next_ comes from
  std::vector<std::vector<Hypothesis>> finished_;
  std::vector<TokenId> tokens_;
  std::vector<std::int32_t> owners_, peaks_;
  std::vector<float> state_in_, state_out_, logits_, attention_;
  std::vector<double> log_probs_, coverage_, next_coverage_;
  std::vector<LmState> lm_states_;
  CandidatePool pool_;
};

}  // namespace nest::decode
