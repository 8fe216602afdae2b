#pragma once

#include <memory>
#include <vector>

#include "candidate_pool.h"
#include "decoders.h"
#include "prefix_tree.h"
#include "span_list.h"

namespace nest::decode {

/// CTC prefix beam search with exact merging (Graves 2012 §7.5.3; Hannun et al. 2014).
///
/// Every prefix of the beam carries ln P of its alignments that end in a blank and in its last
/// token; both are sums over all alignments whose prefixes stayed in the beam. Prefixes are ranked
/// by log_add of the two plus what fusion adds to the prefix.
///
/// Look-ups that cannot matter are skipped: a new prefix is tried only if its upper bound (emission
/// plus the most that fusion can give the token) beats the worst prefix that is sure to survive, so
/// the result is the same as if all were tried.
class CtcBeam final : public Decoder {
 public:
  CtcBeam(const SearchSpace& space, const DecodeOptions& options,
          std::shared_ptr<const Fusion> fusion);
  void begin() override;
  void step(std::span<const float> frames) override;
  void end() override { ended_ = true; }
  Partial partial() const override;
  std::vector<Hypothesis> nbest() const override;
  std::string describe() const override;

 private:
  /// The best single alignment of a prefix: where its last token lies, and the list of the others.
  struct Path {
    double log_prob = kLogZero;
    std::int32_t spans = SpanList::kNone;
    std::int32_t start = 0;
    std::int32_t end = 0;
    float peak = 0;
  };
  struct Entry {
    std::int32_t node = 0;
    double on_blank = kLogZero;
    double on_token = kLogZero;
    double total = kLogZero;
    double score = kLogZero;  ///< total + fusion of the prefix
    Path blank_path;
    Path token_path;
    std::int32_t blank_spans = SpanList::kNone;  ///< spans of blank_path with its last token pushed
    std::int32_t token_spans = SpanList::kNone;
    std::int32_t first_child = -1;  ///< beam entries whose prefix is this one plus a token
    std::int32_t next_sibling = -1;
  };
  struct PrefixInfo {
    FusionState state;
    FusionGain gain;
    double score = 0;
    std::int32_t slot = -1;
  };

  void take(std::span<const float> frame);
  void link_children();
  void stay(std::span<const float> row);
  void choose_tokens(std::span<const float> row);
  void extend(std::span<const float> row);
  void extend_entry(std::int32_t parent, std::span<const float> row);
  bool has_child(const Entry& entry, TokenId token) const;
  void select(std::span<const float> row);
  Entry make_child(const Candidate& candidate, std::span<const float> row);
  Path extended_path(Entry& parent, bool after_blank_only, float log_prob);
  void replace_beam();
  void prepare_fusion();
  Hypothesis hypothesis(const Entry& entry, const FusionGain& last) const;
  PrefixInfo& info(std::int32_t node) { return info_[static_cast<std::size_t>(node)]; }
  const PrefixInfo& info(std::int32_t node) const { return info_[static_cast<std::size_t>(node)]; }
  const Path& best_path(const Entry& e) const {
    return e.blank_path.log_prob >= e.token_path.log_prob ? e.blank_path : e.token_path;
  }

  SearchSpace space_;
  DecodeOptions options_;
  std::shared_ptr<const Fusion> fusion_;
  std::size_t blank_;
  std::vector<float> bounds_;  ///< the most fusion can give each token

  PrefixTree tree_;
  SpanList spans_;
  std::vector<PrefixInfo> info_;  ///< by node
  std::vector<Entry> beam_, stays_, next_;
  std::vector<TokenChoice> choices_;
  std::vector<float> row_;
  std::vector<LmState> lm_states_;
  CandidatePool pool_;
  std::int32_t frame_ = 0;
  bool ended_ = false;
};

}  // namespace nest::decode
