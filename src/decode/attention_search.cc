#include "attention_search.h"

#include <fmt/format.h>

namespace nest::decode {

AttentionSearch::AttentionSearch(const SearchSpace& space, const DecodeOptions& options,
                                 const Fusion& fusion, bool is_greedy)
    : space_(space),
      options_(options),
      fusion_(fusion),
      scorer_(*space.attention),
      vocab_(static_cast<std::size_t>(space.vocab_size)),
      beam_(is_greedy ? 1 : static_cast<std::size_t>(options.beam_size)),
      rank_limit_(is_greedy ? 1 : 2 * beam_),
      convention_(options.length_convention),
      bounds_(vocab_) {
  for (std::size_t i = 0; i < vocab_; ++i) {
    bounds_[i] = fusion_.upper_bound(static_cast<TokenId>(i));
  }
}

void AttentionSearch::set_memory(std::span<const std::span<const float>> utterances) {
  const auto dim = static_cast<std::size_t>(scorer_.memory_dim());
  lengths_.clear();
  max_frames_ = 0;
  for (std::span<const float> u : utterances) {
    require(u.size() % dim == 0, ErrorCode::kInvalidArgument,
            "{} values are not a whole number of frames of {}", u.size(), dim);
    lengths_.push_back(static_cast<std::int64_t>(u.size() / dim));
    max_frames_ = std::max(max_frames_, u.size() / dim);
  }
  memory_.assign(utterances.size() * max_frames_ * dim, 0.0f);
  for (std::size_t i = 0; i < utterances.size(); ++i) {
    std::copy(utterances[i].begin(), utterances[i].end(),
              memory_.begin() + static_cast<std::ptrdiff_t>(i * max_frames_ * dim));
  }
  scorer_.begin(memory_, lengths_, static_cast<std::int64_t>(max_frames_));
  state_size_ = static_cast<std::size_t>(scorer_.state_size());
}

void AttentionSearch::start(std::size_t count) {
  steps_.clear();
  live_.clear();
  finished_.assign(count, {});
  for (std::size_t u = 0; u < count; ++u) {
    if (lengths_[u] == 0) continue;  // nothing was heard
    Live live;
    live.utterance = static_cast<std::int32_t>(u);
    live.token = space_.sos_id;
    live.state = fusion_.begin();
    live_.push_back(live);
  }
  state_in_.assign(live_.size() * state_size_, 0.0f);
  coverage_.assign(live_.size() * max_frames_, 0.0);
  prepare_fusion();
}

std::vector<std::vector<Hypothesis>> AttentionSearch::run(
    std::span<const std::span<const float>> utterances) {
  if (utterances.empty()) return {};
  set_memory(utterances);
  start(utterances.size());
  for (int length = 1; length <= options_.max_length && !live_.empty(); ++length) advance(length);
  for (auto& list : finished_) {
    if (list.empty()) list.emplace_back();
    rank(list, options_.nbest);
  }
  return std::move(finished_);
}

void AttentionSearch::advance(int length) {
  score_rows();
  track_attention();
  next_.clear();
  parents_.clear();
  for (std::size_t begin = 0; begin < live_.size();) {
    std::size_t end = begin;
    while (end < live_.size() && live_[end].utterance == live_[begin].utterance) ++end;
    search_group({begin, end}, length);
    begin = end;
  }
  gather();
  prepare_fusion();
}

void AttentionSearch::score_rows() {
  const std::size_t n = live_.size();
  tokens_.resize(n);
  owners_.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    tokens_[i] = live_[i].token;
    owners_[i] = live_[i].utterance;
  }
  state_out_.resize(n * state_size_);
  logits_.resize(n * vocab_);
  attention_.resize(n * max_frames_);
  scorer_.step(tokens_, owners_, state_in_, state_out_, logits_, attention_);
  log_probs_.resize(n * vocab_);
  for (std::size_t i = 0; i < n; ++i) {
    log_softmax<float, double>(std::span<const float>(logits_).subspan(i * vocab_, vocab_),
                               options_.temperature,
                               std::span<double>(log_probs_).subspan(i * vocab_, vocab_));
  }
}

void AttentionSearch::track_attention() {
  peaks_.resize(live_.size());
  for (std::size_t i = 0; i < live_.size(); ++i) {
    const float* weights = attention_.data() + i * max_frames_;
    const auto* peak = std::max_element(weights, weights + max_frames_);
    peaks_[i] = static_cast<std::int32_t>(peak - weights);
    for (std::size_t k = 0; k < max_frames_; ++k) coverage_[i * max_frames_ + k] += weights[k];
  }
}

void AttentionSearch::search_group(Group group, int length) {
  const std::int32_t utterance = live_[group.begin].utterance;
  pool_.reset(rank_limit_);
  for (std::size_t i = group.begin; i < group.end; ++i) extend_row(i, length);
  const std::size_t first = next_.size();
  take_candidates(length);
  if (next_.size() == first) return;
  const bool at_limit = length == options_.max_length;
  const auto& done = finished_[static_cast<std::size_t>(utterance)];
  if (at_limit && (options_.include_unfinished || done.empty())) {
    for (std::size_t i = first; i < next_.size(); ++i) {
      finished_[static_cast<std::size_t>(utterance)].push_back(
          hypothesis(next_[i], length, false, parents_[i]));
    }
  }
  if (at_limit || is_settled(utterance, next_[first].score)) {
    next_.resize(first);
    parents_.resize(first);
  }
}

void AttentionSearch::extend_row(std::size_t i, int length) {
  const Live& live = live_[i];
  const auto log_probs = row(i);
  const auto parent = static_cast<std::int32_t>(i);
  double floor = kLogZero;
  if (options_.token_threshold > 0) {
    floor = *std::max_element(log_probs.begin(), log_probs.end()) - options_.token_threshold;
  }
  if (options_.token_beam > 0 && static_cast<std::size_t>(options_.token_beam) < vocab_) {
    std::vector<double> sorted(log_probs.begin(), log_probs.end());
    const auto nth = sorted.begin() + (options_.token_beam - 1);
    std::nth_element(sorted.begin(), nth, sorted.end(), std::greater<>());
    floor = std::max(floor, *nth);
  }
  for (std::size_t v = 0; v < vocab_; ++v) {
    const auto token = static_cast<TokenId>(v);
    if (log_probs[v] < floor || log_probs[v] == kLogZero) continue;
    FusionState next;
    FusionGain gain;
    if (token == space_.eos_id) {
      if (length < options_.min_length || !fusion_.finish(live.state, gain)) continue;
    } else {
      if (token == space_.sos_id && space_.eos_id >= 0) continue;
      if (live.score + log_probs[v] + bounds_[v] < pool_.threshold()) continue;
      if (!fusion_.extend(live.state, token, next, gain)) continue;
    }
    pool_.add({live.score + log_probs[v] + fusion_.weigh(gain), parent, token});
  }
}

void AttentionSearch::take_candidates(int length) {
  std::size_t kept = 0;
  double best = kLogZero;
  for (const Candidate& candidate : pool_.take_sorted()) {
    best = std::max(best, candidate.score);
    const double limit = options_.score_threshold;
    if (limit > 0 && candidate.score < best - limit) break;
    if (candidate.token == space_.eos_id) {
      close(candidate, length);
    } else if (kept < beam_) {
      keep(candidate);
      ++kept;
    }
  }
}

void AttentionSearch::keep(const Candidate& candidate) {
  const auto parent = static_cast<std::size_t>(candidate.parent);
  Live live = live_[parent];
  const double log_prob = row(parent)[static_cast<std::size_t>(candidate.token)];
  FusionGain gain;
  FusionState state;
  fusion_.extend(live.state, candidate.token, state, gain);
  live.state = state;
  live.gain = {live.gain.lm + gain.lm, live.gain.bonus + gain.bonus};
  live.log_prob += log_prob;
  live.score = candidate.score;
  live.token = candidate.token;
  steps_.push_back({live.step, candidate.token, peaks_[parent], log_prob});
  live.step = static_cast<std::int32_t>(steps_.size()) - 1;
  next_.push_back(live);
  parents_.push_back(parent);
}

void AttentionSearch::close(const Candidate& candidate, int length) {
  const auto parent = static_cast<std::size_t>(candidate.parent);
  Live live = live_[parent];
  FusionGain gain;
  fusion_.finish(live.state, gain);
  live.gain = {live.gain.lm + gain.lm, live.gain.bonus + gain.bonus};
  live.log_prob += row(parent)[static_cast<std::size_t>(candidate.token)];
  live.score = candidate.score;
  finished_[static_cast<std::size_t>(live.utterance)].push_back(
      hypothesis(live, length, true, parent));
}

double AttentionSearch::penalised(const Live& live, int generated, bool finished,
                                  double coverage) const {
  int length = generated;
  if (convention_ == LengthConvention::kWithoutEos && finished) --length;
  if (convention_ == LengthConvention::kWithSosAndEos) ++length;
  return live.score / length_penalty(length, options_.length_penalty) +
         options_.coverage_penalty * coverage;
}

Hypothesis AttentionSearch::hypothesis(const Live& live, int generated, bool finished,
                                       std::size_t coverage_row) const {
  double coverage = 0;
  if (options_.coverage_penalty != 0) {
    const auto frames =
        static_cast<std::size_t>(lengths_[static_cast<std::size_t>(live.utterance)]);
    for (std::size_t k = 0; k < frames; ++k) {
      coverage += std::log(std::min(coverage_[coverage_row * max_frames_ + k], 1.0));
    }
  }
  Hypothesis h;
  h.log_prob = live.log_prob;
  h.lm_log_prob = live.gain.lm;
  h.bonus = live.gain.bonus;
  h.score = penalised(live, generated, finished, coverage);
  h.finished = finished;
  for (std::int32_t s = live.step; s >= 0;) {
    const Step& step = steps_[static_cast<std::size_t>(s)];
    h.tokens.push_back(step.token);
    h.times.push_back({step.frame, step.frame + 1, 0, 0});
    h.confidences.push_back(tempered_confidence(step.log_prob, options_.confidence_temperature));
    s = step.previous;
  }
  std::reverse(h.tokens.begin(), h.tokens.end());
  std::reverse(h.times.begin(), h.times.end());
  std::reverse(h.confidences.begin(), h.confidences.end());
  return h;
}

/// True if no live hypothesis can reach the n-best list any more.
bool AttentionSearch::is_settled(std::int32_t utterance, double best_live) const {
  const auto& list = finished_[static_cast<std::size_t>(utterance)];
  const auto n = static_cast<std::size_t>(options_.nbest);
  if (fusion_.can_gain() || best_live > 0 || list.size() < n) return false;
  const double bound = best_live / length_penalty(options_.max_length + 1, options_.length_penalty);
  const auto better =
      std::count_if(list.begin(), list.end(), [&](const Hypothesis& h) { return h.score > bound; });
  return static_cast<std::size_t>(better) >= n;
}

/// The rows of the next step: state and coverage of each parent.
void AttentionSearch::gather() {
  const std::size_t n = next_.size();
  state_in_.resize(n * state_size_);
  next_coverage_.resize(n * max_frames_);
  for (std::size_t i = 0; i < n; ++i) {
    std::copy_n(state_out_.begin() + static_cast<std::ptrdiff_t>(parents_[i] * state_size_),
                state_size_, state_in_.begin() + static_cast<std::ptrdiff_t>(i * state_size_));
    std::copy_n(coverage_.begin() + static_cast<std::ptrdiff_t>(parents_[i] * max_frames_),
                max_frames_, next_coverage_.begin() + static_cast<std::ptrdiff_t>(i * max_frames_));
  }
  coverage_.swap(next_coverage_);
  live_.swap(next_);
}

void AttentionSearch::prepare_fusion() {
  if (!fusion_.needs_prepare()) return;
  lm_states_.clear();
  for (const Live& live : live_) lm_states_.push_back(live.state.lm);
  fusion_.prepare(lm_states_);
  for (std::size_t i = 0; i < live_.size(); ++i) live_[i].state.lm = lm_states_[i];
  fusion_.retain(lm_states_);
}

}  // namespace nest::decode
