#include "rnnt_beam.h"

#include <fmt/format.h>

namespace nest::decode {

RnntBeam::RnntBeam(const SearchSpace& space, const DecodeOptions& options,
                   std::shared_ptr<const Fusion> fusion)
    : space_(space),
      options_(options),
      fusion_(std::move(fusion)),
      scorer_(*space.transducer),
      vocab_(static_cast<std::size_t>(space.vocab_size)),
      state_size_(static_cast<std::size_t>(scorer_.state_size())),
      prediction_dim_(static_cast<std::size_t>(scorer_.prediction_dim())),
      bounds_(vocab_) {
  for (std::size_t i = 0; i < vocab_; ++i) {
    bounds_[i] = fusion_->upper_bound(static_cast<TokenId>(i));
  }
  begin();
}

void RnntBeam::begin() {
  tree_.clear();
  spans_.clear();
  info_.assign(1, PrefixInfo{});
  info_[0].state = fusion_->begin();
  grow_to_tree();
  frame_ = 0;
  ended_ = false;
  closed_.clear();
  Entry root;
  root.log_prob = root.score = root.path_log_prob = 0;
  closed_.push_back(root);
  hold(root);
  prepare_fusion(closed_);
}

void RnntBeam::grow_to_tree() {
  const std::size_t n = tree_.capacity();
  if (info_.size() < n) info_.resize(n);
  if (states_.size() < n * state_size_) states_.resize(n * state_size_);
  if (predictions_.size() < n * prediction_dim_) predictions_.resize(n * prediction_dim_);
}

void RnntBeam::step(std::span<const float> frames) {
  const auto dim = static_cast<std::size_t>(scorer_.memory_dim());
  for_each_frame(frames, dim, frame_, [this](std::span<const float> f) { take(f); });
}

void RnntBeam::take(std::span<const float> frame) {
  open_.swap(closed_);
  closed_.clear();
  num_joints_ = 0;
  for (int symbols = 0;; ++symbols) {
    predict_missing(open_);
    join_missing(open_, frame);
    close_with_blank(open_);
    if (symbols == options_.max_symbols) break;
    expand(open_);
    drop(open_);
    open_.swap(grown_);
    if (open_.empty()) break;
    prepare_fusion(open_);
  }
  drop(open_);
  prune_closed();
  prepare_fusion(closed_);
  ++frame_;
}

void RnntBeam::predict_missing(const std::vector<Entry>& entries) {
  missing_.clear();
  tokens_.clear();
  for (const Entry& e : entries) {
    if (info(e.node).has_prediction) continue;
    missing_.push_back(e.node);
    tokens_.push_back(e.node == PrefixTree::kRoot ? space_.blank_id : tree_.token(e.node));
  }
  if (missing_.empty()) return;
  const std::size_t n = missing_.size();
  gather_in_.assign(n * state_size_, 0.0f);
  gather_out_.resize(n * state_size_);
  gather_prediction_.resize(n * prediction_dim_);
  for (std::size_t i = 0; i < n; ++i) {
    if (missing_[i] == PrefixTree::kRoot) continue;
    const auto parent = static_cast<std::size_t>(tree_.parent(missing_[i]));
    std::copy_n(&states_[parent * state_size_], state_size_, &gather_in_[i * state_size_]);
  }
  scorer_.predict(tokens_, gather_in_, gather_out_, gather_prediction_);
  for (std::size_t i = 0; i < n; ++i) {
    const auto node = static_cast<std::size_t>(missing_[i]);
    std::copy_n(&gather_out_[i * state_size_], state_size_, &states_[node * state_size_]);
    std::copy_n(&gather_prediction_[i * prediction_dim_], prediction_dim_,
                &predictions_[node * prediction_dim_]);
    info_[node].has_prediction = true;
  }
}

void RnntBeam::join_missing(const std::vector<Entry>& entries, std::span<const float> frame) {
  missing_.clear();
  for (const Entry& e : entries) {
    PrefixInfo& prefix = info(e.node);
    if (prefix.joint_frame == frame_) continue;
    prefix.joint_frame = frame_;
    prefix.joint_row = num_joints_ + static_cast<std::int32_t>(missing_.size());
    missing_.push_back(e.node);
  }
  if (missing_.empty()) return;
  const std::size_t n = missing_.size();
  gather_prediction_.resize(n * prediction_dim_);
  logits_.resize(n * vocab_);
  for (std::size_t i = 0; i < n; ++i) {
    std::copy_n(&predictions_[static_cast<std::size_t>(missing_[i]) * prediction_dim_],
                prediction_dim_, &gather_prediction_[i * prediction_dim_]);
  }
  scorer_.join(frame, gather_prediction_, logits_);
  const auto first = static_cast<std::size_t>(num_joints_);
  if (joints_.size() < (first + n) * vocab_) joints_.resize((first + n) * vocab_);
  for (std::size_t i = 0; i < n; ++i) {
    log_softmax<float, double>(std::span<const float>(logits_).subspan(i * vocab_, vocab_),
                               options_.temperature,
                               std::span<double>(joints_).subspan((first + i) * vocab_, vocab_));
  }
  num_joints_ += static_cast<std::int32_t>(n);
}

std::span<const double> RnntBeam::joint(std::int32_t node) const {
  return std::span<const double>(joints_).subspan(
      static_cast<std::size_t>(info(node).joint_row) * vocab_, vocab_);
}

void RnntBeam::hold(const Entry& entry) {
  ++info(entry.node).holds;
  tree_.retain(entry.node);
  spans_.retain(entry.spans);
}

void RnntBeam::drop(std::vector<Entry>& entries) {
  for (const Entry& e : entries) {
    --info(e.node).holds;
    spans_.release(e.spans);
    tree_.release(e.node);
  }
  entries.clear();
}

void RnntBeam::close_with_blank(const std::vector<Entry>& entries) {
  for (const Entry& e : entries) {
    const double blank = joint(e.node)[static_cast<std::size_t>(space_.blank_id)];
    Entry closed = e;
    closed.log_prob += blank;
    closed.path_log_prob += blank;
    PrefixInfo& prefix = info(e.node);
    if (prefix.slot < 0) {
      prefix.slot = static_cast<std::int32_t>(closed_.size());
      closed.score = closed.log_prob + prefix.score;
      hold(closed);
      closed_.push_back(closed);
      continue;
    }
    Entry& there = closed_[static_cast<std::size_t>(prefix.slot)];
    there.log_prob = log_add(there.log_prob, closed.log_prob);
    there.score = there.log_prob + prefix.score;
    if (closed.path_log_prob > there.path_log_prob) {
      there.path_log_prob = closed.path_log_prob;
      spans_.retain(closed.spans);
      spans_.release(there.spans);
      there.spans = closed.spans;
    }
  }
}

/// What the beam_size-th closed prefix has for sure already.
double RnntBeam::closed_threshold() {
  const auto k = static_cast<std::size_t>(options_.beam_size);
  if (closed_.size() < k) return kLogZero;
  scores_.clear();
  for (const Entry& e : closed_) scores_.push_back(e.score);
  const auto nth = scores_.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(scores_.begin(), nth, scores_.end(), std::greater<>());
  return *nth;
}

void RnntBeam::choose_tokens(std::span<const double> row, double cutoff) {
  choices_.clear();
  double floor = kLogZero;
  if (options_.token_threshold > 0) {
    floor = *std::max_element(row.begin(), row.end()) - options_.token_threshold;
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double value = row[i] + bounds_[i];
    if (value <= cutoff || row[i] < floor || row[i] == kLogZero) continue;
    if (static_cast<TokenId>(i) != space_.blank_id) {
      choices_.push_back({value, static_cast<TokenId>(i)});
    }
  }
  const auto most = static_cast<std::size_t>(options_.token_beam);
  if (most > 0 && choices_.size() > most) {
    const auto by_emission = [&](const Choice& a, const Choice& b) {
      const double x = row[static_cast<std::size_t>(a.token)];
      const double y = row[static_cast<std::size_t>(b.token)];
      return x != y ? x > y : a.token < b.token;
    };
    std::nth_element(choices_.begin(), choices_.begin() + static_cast<std::ptrdiff_t>(most),
                     choices_.end(), by_emission);
    choices_.resize(most);
  }
}

/// The best beam_size prefixes with one more token in this frame.
void RnntBeam::expand(const std::vector<Entry>& entries) {
  pool_.reset(static_cast<std::size_t>(options_.beam_size));
  pool_.raise_threshold(closed_threshold());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& e = entries[i];
    const auto row = joint(e.node);
    choose_tokens(row, pool_.threshold() - e.score);
    for (const Choice& choice : choices_) {
      if (e.score + choice.value <= pool_.threshold()) continue;
      FusionState next;
      FusionGain gain;
      if (!fusion_->extend(info(e.node).state, choice.token, next, gain)) continue;
      const double score =
          e.score + row[static_cast<std::size_t>(choice.token)] + fusion_->weigh(gain);
      if (score > pool_.threshold()) {
        pool_.add({score, static_cast<std::int32_t>(i), choice.token});
      }
    }
  }
  grown_.clear();
  for (const Candidate& c : pool_.take_sorted()) {
    grown_.push_back(make_child(entries[static_cast<std::size_t>(c.parent)], c.token, c.score));
  }
}

RnntBeam::Entry RnntBeam::make_child(const Entry& parent, TokenId token, double score) {
  bool is_new = false;
  const double log_prob = joint(parent.node)[static_cast<std::size_t>(token)];
  Entry child;
  child.node = tree_.find_or_insert(parent.node, token, is_new);
  grow_to_tree();
  PrefixInfo& prefix = info(child.node);
  if (is_new) prefix = PrefixInfo{};
  // A neural model may have dropped the state of a prefix that no entry held.
  if (is_new || (fusion_->needs_prepare() && prefix.holds == 0)) {
    const PrefixInfo& before = info(parent.node);
    FusionGain gain;
    fusion_->extend(before.state, token, prefix.state, gain);
    prefix.gain = {before.gain.lm + gain.lm, before.gain.bonus + gain.bonus};
    prefix.score = before.score + fusion_->weigh(gain);
  }
  child.log_prob = parent.log_prob + log_prob;
  child.score = score;
  child.path_log_prob = parent.path_log_prob + log_prob;
  child.spans = spans_.push(parent.spans, frame_, frame_ + 1, static_cast<float>(log_prob));
  tree_.retain(child.node);
  ++prefix.holds;
  return child;
}

void RnntBeam::prune_closed() {
  for (const Entry& e : closed_) info(e.node).slot = -1;
  pool_.reset(static_cast<std::size_t>(options_.beam_size));
  double best = kLogZero;
  for (std::size_t i = 0; i < closed_.size(); ++i) {
    best = std::max(best, closed_[i].score);
    pool_.add({closed_[i].score, static_cast<std::int32_t>(i), -1});
  }
  grown_.clear();
  const double floor = options_.score_threshold > 0 ? best - options_.score_threshold : kLogZero;
  for (const Candidate& c : pool_.take_sorted()) {
    if (c.score < floor) break;
    grown_.push_back(closed_[static_cast<std::size_t>(c.parent)]);
    hold(grown_.back());
  }
  drop(closed_);
  closed_.swap(grown_);
}

void RnntBeam::prepare_fusion(const std::vector<Entry>& entries) {
  if (!fusion_->needs_prepare()) return;
  lm_states_.clear();
  for (const Entry& e : entries) lm_states_.push_back(info(e.node).state.lm);
  fusion_->prepare(lm_states_);
  for (std::size_t i = 0; i < entries.size(); ++i) info(entries[i].node).state.lm = lm_states_[i];
  // Prefixes that are closed in this frame come back in the next one.
  for (const Entry& e : closed_) lm_states_.push_back(info(e.node).state.lm);
  fusion_->retain(lm_states_);
}

std::string RnntBeam::describe() const {
  return fmt::format("rnn-t beam {}, at most {} symbols a frame", options_.beam_size,
                     options_.max_symbols);
}

std::unique_ptr<Decoder> make_rnnt_beam(const SearchSpace& space, const DecodeOptions& options,
                                        std::shared_ptr<const Fusion> fusion) {
  return std::make_unique<RnntBeam>(space, options, std::move(fusion));
}

}  // namespace nest::decode
