#pragma once

#include <memory>
#include <vector>

#include "candidate_pool.h"
#include "decoders.h"
#include "prefix_tree.h"
#include "span_list.h"

namespace nest::decode {

/// Time-synchronous transducer beam with exact merging of equal prefixes.
///
/// In every frame each prefix may add 0 to max_symbols tokens and then takes the blank; a prefix
/// that is reached in several ways is summed (log_add). With an unbounded beam this is the sum over
/// all alignments with at most max_symbols tokens a frame. Predictor rows live with their prefix
/// and are computed once; a joint is computed once a (prefix, frame). Source: Graves 2012 (sequence
/// transduction) §2.3, made time-synchronous; Saon et al. 2020.
class RnntBeam final : public Decoder {
 public:
  RnntBeam(const SearchSpace& space, const DecodeOptions& options,
           std::shared_ptr<const Fusion> fusion);
  void begin() override;
  void step(std::span<const float> frames) override;
  void end() override { ended_ = true; }
  Partial partial() const override;
  std::vector<Hypothesis> nbest() const override;
  std::string describe() const override;

 private:
  struct Entry {
    std::int32_t node = 0;
    double log_prob = kLogZero;
    double score = kLogZero;          ///< log_prob + fusion of the prefix
    double path_log_prob = kLogZero;  ///< of the best single alignment
    std::int32_t spans = SpanList::kNone;
  };
  struct PrefixInfo {
    FusionState state;
    FusionGain gain;
    double score = 0;
    std::int32_t slot = -1;  ///< in closed_
    std::int32_t holds = 0;  ///< entries of any list
    std::int32_t joint_frame = -1;
    std::int32_t joint_row = 0;
    bool has_prediction = false;
  };

  void take(std::span<const float> frame);
  void predict_missing(const std::vector<Entry>& entries);
  void join_missing(const std::vector<Entry>& entries, std::span<const float> frame);
  void close_with_blank(const std::vector<Entry>& entries);
  void expand(const std::vector<Entry>& entries);
  void choose_tokens(std::span<const double> row, double cutoff);
  Entry make_child(const Entry& parent, TokenId token, double score);
  void hold(const Entry& entry);
  void drop(std::vector<Entry>& entries);
  void prune_closed();
  void grow_to_tree();
  void prepare_fusion(const std::vector<Entry>& entries);
  double closed_threshold();
  Hypothesis hypothesis(const Entry& entry, const FusionGain& last) const;
  std::span<const double> joint(std::int32_t node) const;
  PrefixInfo& info(std::int32_t node) { return info_[static_cast<std::size_t>(node)]; }
  const PrefixInfo& info(std::int32_t node) const { return info_[static_cast<std::size_t>(node)]; }

  SearchSpace space_;
  DecodeOptions options_;
  std::shared_ptr<const Fusion> fusion_;
  TransducerScorer& scorer_;
  std::size_t vocab_, state_size_, prediction_dim_;
  std::vector<double> bounds_;

  PrefixTree tree_;
  SpanList spans_;
  std::vector<PrefixInfo> info_;  ///< by node, as the next two
  std::vector<float> states_, predictions_;
  std::vector<Entry> open_, grown_, closed_;
  std::vector<double> joints_;  ///< log-softmaxed rows of this frame
  std::int32_t num_joints_ = 0;
  std::vector<std::int32_t> missing_;
  std::vector<TokenId> tokens_;
  std::vector<float> gather_in_, gather_out_, gather_prediction_, logits_;
  std::vector<double> scores_;
  struct Choice {
    double value;
    TokenId token;
  };
  std::vector<Choice> choices_;
  std::vector<LmState> lm_states_;
  CandidatePool pool_;
  std::int32_t frame_ = 0;
  bool ended_ = false;
};

}  // namespace nest::decode
