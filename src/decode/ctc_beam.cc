#include "ctc_beam.h"

#include <fmt/format.h>

namespace nest::decode {

CtcBeam::CtcBeam(const SearchSpace& space, const DecodeOptions& options,
                 std::shared_ptr<const Fusion> fusion)
    : space_(space),
      options_(options),
      fusion_(std::move(fusion)),
      blank_(static_cast<std::size_t>(space.blank_id)),
      bounds_(static_cast<std::size_t>(space.vocab_size)),
      row_(static_cast<std::size_t>(space.vocab_size)) {
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    // The margin covers float rounding of value = emission + bound.
    bounds_[i] = static_cast<float>(fusion_->upper_bound(static_cast<TokenId>(i))) + 1e-4f;
  }
  begin();
}

void CtcBeam::begin() {
  tree_.clear();
  spans_.clear();
  info_.assign(1, PrefixInfo{});
  info_[0].state = fusion_->begin();
  frame_ = 0;
  ended_ = false;
  Entry root;
  root.on_blank = 0;
  root.total = 0;
  root.score = 0;
  root.blank_path.log_prob = 0;
  beam_.assign(1, root);
  tree_.retain(PrefixTree::kRoot);
  prepare_fusion();
}

void CtcBeam::step(std::span<const float> frames) {
  const auto dim = static_cast<std::size_t>(space_.vocab_size);
  for_each_frame(frames, dim, frame_, [this](std::span<const float> f) { take(f); });
}

void CtcBeam::take(std::span<const float> frame) {
  log_softmax_if(frame, options_.temperature, row_);
  const std::span<const float> row =
      options_.temperature == 1 ? frame : std::span<const float>(row_);
  link_children();
  stay(row);
  const bool skips = options_.blank_skip > 0 && std::exp(row[blank_]) > options_.blank_skip;
  if (!skips) extend(row);
  select(row);
  replace_beam();
  prepare_fusion();
  ++frame_;
}

void CtcBeam::link_children() {
  for (std::size_t i = 0; i < beam_.size(); ++i) {
    info(beam_[i].node).slot = static_cast<std::int32_t>(i);
    beam_[i].first_child = -1;
  }
  for (std::size_t i = 0; i < beam_.size(); ++i) {
    const std::int32_t parent = tree_.parent(beam_[i].node);
    const std::int32_t slot = parent == PrefixTree::kNone ? -1 : info(parent).slot;
    if (slot < 0) continue;
    Entry& p = beam_[static_cast<std::size_t>(slot)];
    beam_[i].next_sibling = p.first_child;
    p.first_child = static_cast<std::int32_t>(i);
  }
}

/// The parent's best alignment plus its last token's span and a new token in this frame.
CtcBeam::Path CtcBeam::extended_path(Entry& parent, bool after_blank_only, float log_prob) {
  const bool from_blank =
      after_blank_only || parent.blank_path.log_prob >= parent.token_path.log_prob;
  const Path& from = from_blank ? parent.blank_path : parent.token_path;
  std::int32_t& pushed = from_blank ? parent.blank_spans : parent.token_spans;
  if (pushed == SpanList::kNone && parent.node != PrefixTree::kRoot) {
    pushed = spans_.push(from.spans, from.start, from.end, from.peak);
  }
  return {from.log_prob + log_prob, pushed, frame_, frame_ + 1, log_prob};
}

/// Alignments that end in the same prefix: a blank, the last token again, or the last token newly
/// after the parent prefix if that is in the beam too.
void CtcBeam::stay(std::span<const float> row) {
  stays_.clear();
  pool_.reset(static_cast<std::size_t>(options_.beam_size));
  for (std::size_t i = 0; i < beam_.size(); ++i) {
    const Entry& e = beam_[i];
    Entry s;
    s.node = e.node;
    s.on_blank = e.total + row[blank_];
    s.blank_path = best_path(e);
    s.blank_path.log_prob += row[blank_];
    if (e.node != PrefixTree::kRoot) {
      const float log_prob = row[static_cast<std::size_t>(tree_.token(e.node))];
      s.on_token = e.on_token + log_prob;
      s.token_path = e.token_path;
      s.token_path.log_prob += log_prob;
      s.token_path.end = frame_ + 1;
      s.token_path.peak = std::max(s.token_path.peak, log_prob);
      const std::int32_t slot = info(tree_.parent(e.node)).slot;
      if (slot >= 0) {
        Entry& parent = beam_[static_cast<std::size_t>(slot)];
        const bool repeats =
            parent.node != PrefixTree::kRoot && tree_.token(parent.node) == tree_.token(e.node);
        s.on_token = log_add(s.on_token, (repeats ? parent.on_blank : parent.total) + log_prob);
        const Path path = extended_path(parent, repeats, log_prob);
        if (path.log_prob > s.token_path.log_prob) s.token_path = path;
      }
    }
    s.total = log_add(s.on_blank, s.on_token);
    s.score = s.total + info(e.node).score;
    stays_.push_back(s);
    pool_.add({s.score, static_cast<std::int32_t>(i), -1});
  }
  pool_.shrink();
}

/// Tokens whose emission and bound could carry the best prefix into the beam, best first.
void CtcBeam::choose_tokens(std::span<const float> row) {
  choices_.clear();
  double cutoff = pool_.threshold() - beam_.front().score;
  if (options_.token_threshold > 0) {
    float top = -std::numeric_limits<float>::infinity();
    for (float x : row) top = std::max(top, x);
    // The limit is on emissions; the bound only adds what fusion may give.
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != blank_ && row[i] >= top - static_cast<float>(options_.token_threshold) &&
          row[i] + bounds_[i] > cutoff) {
        choices_.push_back({row[i] + bounds_[i], static_cast<TokenId>(i)});
      }
    }
  } else {
    const auto limit = static_cast<float>(cutoff);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const float value = row[i] + bounds_[i];
      if (value > limit && i != blank_) choices_.push_back({value, static_cast<TokenId>(i)});
    }
  }
  const auto most = static_cast<std::size_t>(options_.token_beam);
  if (most > 0 && choices_.size() > most) {
    // The token beam is a limit on emissions, whatever fusion thinks of the tokens.
    std::nth_element(choices_.begin(), choices_.begin() + static_cast<std::ptrdiff_t>(most),
                     choices_.end(), [&](const TokenChoice& a, const TokenChoice& b) {
                       const float x = row[static_cast<std::size_t>(a.token)];
                       const float y = row[static_cast<std::size_t>(b.token)];
                       return x != y ? x > y : a.token < b.token;
                     });
    choices_.resize(most);
  }
  std::sort(choices_.begin(), choices_.end());
}

bool CtcBeam::has_child(const Entry& entry, TokenId token) const {
  for (std::int32_t c = entry.first_child; c >= 0;) {
    const Entry& child = beam_[static_cast<std::size_t>(c)];
    if (tree_.token(child.node) == token) return true;
    c = child.next_sibling;
  }
  return false;
}

void CtcBeam::extend(std::span<const float> row) {
  choose_tokens(row);
  if (choices_.empty()) return;
  for (std::size_t i = 0; i < beam_.size(); ++i) extend_entry(static_cast<std::int32_t>(i), row);
}

void CtcBeam::extend_entry(std::int32_t parent, std::span<const float> row) {
  const Entry& entry = beam_[static_cast<std::size_t>(parent)];
  const PrefixInfo& prefix = info(entry.node);
  const TokenId last = entry.node == PrefixTree::kRoot ? -1 : tree_.token(entry.node);
  for (const TokenChoice& choice : choices_) {
    if (entry.score + choice.value <= pool_.threshold()) break;
    const double from = choice.token == last ? entry.on_blank : entry.total;
    const double log_prob = from + row[static_cast<std::size_t>(choice.token)];
    if (log_prob == kLogZero || has_child(entry, choice.token)) continue;
    FusionState next;
    FusionGain gain;
    if (!fusion_->extend(prefix.state, choice.token, next, gain)) continue;
    const double score = log_prob + prefix.score + fusion_->weigh(gain);
    if (score > pool_.threshold()) pool_.add({score, parent, choice.token});
  }
}

CtcBeam::Entry CtcBeam::make_child(const Candidate& candidate, std::span<const float> row) {
  Entry& parent = beam_[static_cast<std::size_t>(candidate.parent)];
  const float log_prob = row[static_cast<std::size_t>(candidate.token)];
  const bool repeats =
      parent.node != PrefixTree::kRoot && tree_.token(parent.node) == candidate.token;
  bool is_new = false;
  Entry child;
  child.node = tree_.find_or_insert(parent.node, candidate.token, is_new);
  if (info_.size() < tree_.capacity()) info_.resize(tree_.capacity());
  PrefixInfo& prefix = info(child.node);
  // A prefix that comes back kept its node for its descendants, but a neural model may have dropped
  // its state since.
  if (is_new || fusion_->needs_prepare()) {
    const PrefixInfo& before = info(parent.node);
    FusionGain gain;
    fusion_->extend(before.state, candidate.token, prefix.state, gain);
    prefix.gain = {before.gain.lm + gain.lm, before.gain.bonus + gain.bonus};
    prefix.score = before.score + fusion_->weigh(gain);
    prefix.slot = -1;
  }
  child.on_token = (repeats ? parent.on_blank : parent.total) + log_prob;
  child.total = child.on_token;
  child.score = candidate.score;
  child.token_path = extended_path(parent, repeats, log_prob);
  return child;
}

void CtcBeam::select(std::span<const float> row) {
  const auto& best = pool_.take_sorted();
  next_.clear();
  for (const Candidate& candidate : best) {
    if (candidate.score == kLogZero && !next_.empty()) break;
    if (options_.score_threshold > 0 && !next_.empty() &&
        candidate.score < next_.front().score - options_.score_threshold) {
      break;
    }
    next_.push_back(candidate.token < 0 ? stays_[static_cast<std::size_t>(candidate.parent)]
                                        : make_child(candidate, row));
    Entry& entry = next_.back();
    tree_.retain(entry.node);
    spans_.retain(entry.blank_path.spans);
    spans_.retain(entry.token_path.spans);
  }
}

void CtcBeam::replace_beam() {
  for (Entry& old : beam_) {
    info(old.node).slot = -1;
    spans_.release(old.blank_path.spans);
    spans_.release(old.token_path.spans);
    spans_.release(old.blank_spans);
    spans_.release(old.token_spans);
    tree_.release(old.node);
  }
  beam_.swap(next_);
}

void CtcBeam::prepare_fusion() {
  if (!fusion_->needs_prepare()) return;
  lm_states_.clear();
  for (const Entry& e : beam_) lm_states_.push_back(info(e.node).state.lm);
  fusion_->prepare(lm_states_);
  for (std::size_t i = 0; i < beam_.size(); ++i) info(beam_[i].node).state.lm = lm_states_[i];
  fusion_->retain(lm_states_);
}

std::string CtcBeam::describe() const {
  return fmt::format("ctc prefix beam {}", options_.beam_size);
}

std::unique_ptr<Decoder> make_ctc_beam(const SearchSpace& space, const DecodeOptions& options,
                                       std::shared_ptr<const Fusion> fusion) {
  return std::make_unique<CtcBeam>(space, options, std::move(fusion));
}

}  // namespace nest::decode
