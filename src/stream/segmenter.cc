#include "segmenter.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "nest/graph/frames.h"

namespace nest::stream {
namespace {

constexpr std::size_t kUsualTokens = 512;  // of a segment; longer ones make room as they come
constexpr float kNever = -30;              ///< log-probability of text in a frame without signal

std::vector<float> blank_frame(const decode::SearchSpace& space) {
  if (space.family != graph::Family::kCtc) return {};
  std::vector<float> frame(static_cast<std::size_t>(space.vocab_size), kNever);
  frame[static_cast<std::size_t>(space.blank_id)] = 0;
  return frame;
}

double confidence_of(const decode::Hypothesis& hypothesis) {
  double sum = 0;
  for (const float c : hypothesis.confidences) sum += std::log(std::max(c, 1e-10F));
  const auto count = static_cast<double>(hypothesis.confidences.size());
  return count > 0 ? std::exp(sum / count) : 1;
}

/// Tokens from `begin` to `end` of a hypothesis.
decode::Hypothesis part_of(const decode::Hypothesis& whole, std::size_t begin, std::size_t end) {
  const auto cut = [&](const auto& values) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(std::min(begin, values.size()));
    const auto last = values.begin() + static_cast<std::ptrdiff_t>(std::min(end, values.size()));
    return std::decay_t<decltype(values)>(first, last);
  };
  decode::Hypothesis part = whole;
  part.tokens = cut(whole.tokens);
  part.times = cut(whole.times);
  part.confidences = cut(whole.confidences);
  return part;
}

}  // namespace

Segmenter::Segmenter(const graph::Model& model, const decode::SearchSpace& space,
                     std::unique_ptr<decode::Decoder> decoder,
                     const decode::EndpointOptions& options,
                     std::shared_ptr<const text::Tokenizer> tokenizer)
    : period_(graph::samples_per_frame(model)),
      frame_s_(static_cast<double>(period_) / model.signal.rate_hz),
      space_(space),
      decoder_(std::move(decoder)),
      options_(options),
      rules_(options, frame_s_),
      tokenizer_(std::move(tokenizer)),
      blank_(blank_frame(space)) {
  decoder_->begin();
  hops_.reserve(kUsualTokens);
}

void Segmenter::mask(std::int64_t begin, std::int64_t end) {
  if (!masks_.empty() && begin <= masks_.back().end) {
    masks_.back().end = std::max(masks_.back().end, end);
  } else {
    masks_.push_back({begin, end});
  }
}

bool Segmenter::is_masked(std::int64_t frame) {
  const std::int64_t begin = frame * period_;
  while (!masks_.empty() && masks_.front().end <= begin) masks_.pop_front();
  return !masks_.empty() && masks_.front().begin < begin + period_;
}

void Segmenter::mark_here() {
  const double time_s = next_time_s();
  if (marks_.back().frame == decoded_) {
    marks_.back().time_s = time_s;
  } else {
    marks_.push_back({decoded_, time_s});
  }
}

void Segmenter::begin_at(double time_s) {
  origin_s_ = time_s;
  frame_ = 0;
  masks_.clear();
  mark_here();
}

bool Segmenter::take(std::span<const float> frame, bool is_masked) {
  const bool is_ctc = space_.family == graph::Family::kCtc;
  if (is_masked) ++masked_frames_;
  if (is_masked && !is_ctc) return true;
  ++decoded_;
  if (is_ctc) {
    if (is_masked) frame = blank_;
    decoder_->step(frame);
    return decode::is_silent(frame, space_.blank_id, options_.blank_threshold);
  }
  decoder_->step(frame);
  const decode::Partial now = decoder_->partial();
  const std::size_t tokens = now.committed.size() + now.tentative.size();
  return std::exchange(tokens_, tokens) == tokens;
}

void Segmenter::step(std::span<const float> emissions) {
  const auto dim = static_cast<std::size_t>(space_.frame_dim());
  for (; !emissions.empty(); emissions = emissions.subspan(dim)) {
    const bool masked = is_masked(frame_);
    const bool silent = take(emissions.first(dim), masked);
    ++frame_;
    if (masked && space_.family != graph::Family::kCtc) mark_here();
    has_text_ = has_text_ || !silent;
    if (rules_.step(silent, has_text_)) close(false);
  }
}

void Segmenter::end() {
  decoder_->end();
  close(true);
}

void Segmenter::restart(std::int64_t number) {
  decoder_->begin();
  decoded_ = 0;
  marks_.assign(1, {});
  masks_.clear();
  hops_.clear();
  tokens_ = cut_ = 0;
  number_ = number;
  has_text_ = false;
  rules_.begin();
}

void Segmenter::note_hop() {
  const decode::Partial& now = partial();
  const std::size_t known = now.committed.size() + now.tentative.size();
  const std::size_t committed = now.committed.size();
  if (hops_.empty() ? known == 0
                    : hops_.back().known == known && hops_.back().committed == committed)
    return;
  hops_.push_back({known, committed, heard_s_, {}});
}

void Segmenter::charge(const LatencyLedger& ledger) {
  note_hop();
  if (!hops_.empty() && hops_.back().heard_s == heard_s_) hops_.back().ledger = ledger;
  for (; charged_ < closed_.size(); ++charged_) {
    for (std::size_t i = 0; i < closed_[charged_].latency.size(); ++i) {
      if (closed_[charged_].committed_s[i] != heard_s_) continue;
      TokenLatency& t = closed_[charged_].latency[i];
      t.arrival_ms = ledger.arrival_ms;
      t.wait_ms = ledger.wait_ms;
      t.preprocess_ms = ledger.preprocess_ms;
      t.model_ms = ledger.model_ms;
      t.decode_ms = ledger.decode_ms;
    }
  }
}

void Segmenter::add_latency(Segment& segment) const {
  for (std::size_t i = 0; i < segment.hypothesis.tokens.size(); ++i) {
    const auto heard = std::ranges::find_if(hops_, [&](const Hop& h) { return h.known > i; });
    const auto final = std::ranges::find_if(hops_, [&](const Hop& h) { return h.committed > i; });
    const double heard_s = heard == hops_.end() ? heard_s_ : heard->heard_s;
    const double final_s = final == hops_.end() ? heard_s_ : final->heard_s;
    const LatencyLedger ledger = final == hops_.end() ? LatencyLedger{} : final->ledger;
    const auto& times = segment.hypothesis.times;
    const double said_s = i < times.size() ? times[i].start_s + frame_s_ : heard_s;
    segment.committed_s.push_back(final_s);
    segment.latency.push_back({.signal_ms = (heard_s - said_s) * 1e3,
                               .arrival_ms = ledger.arrival_ms,
                               .wait_ms = ledger.wait_ms,
                               .preprocess_ms = ledger.preprocess_ms,
                               .model_ms = ledger.model_ms,
                               .decode_ms = ledger.decode_ms,
                               .commit_ms = (final_s - heard_s) * 1e3});
  }
}

void Segmenter::set_times(decode::Hypothesis& hypothesis) const {
  const auto seconds = [&](std::int32_t frame) {
    const auto behind =
        std::upper_bound(std::next(marks_.begin()), marks_.end(), frame,
                         [](std::int32_t f, const Mark& mark) { return f < mark.frame; });
    const Mark& mark = *std::prev(behind);
    return mark.time_s + static_cast<double>(frame - mark.frame) * frame_s_;
  };
  for (decode::TokenSpan& span : hypothesis.times) {
    span.start_s = seconds(span.start_frame);
    // The end is that of the token's last frame, which may be the last one before a gap.
    span.end_s = seconds(std::max(span.end_frame - 1, span.start_frame)) + frame_s_;
  }
}

void Segmenter::close(bool is_end) {
  const bool is_reset = options_.state == decode::EndpointState::kReset;
  if (is_reset && !is_end) decoder_->end();
  auto best = decoder_->nbest();
  decode::Hypothesis said = best.empty() ? decode::Hypothesis{} : std::move(best.front());
  const std::size_t until = is_reset || is_end
                                ? said.tokens.size()
                                : std::max(cut_, decoder_->partial().committed.size());
  set_times(said);
  said = part_of(said, cut_, until);
  if (is_reset) {
    decoder_->begin();
    decoded_ = 0;
    marks_.assign(1, {0, next_time_s()});
    tokens_ = 0;
  } else {
    cut_ = until;
  }
  rules_.begin();
  has_text_ = false;
  if (said.tokens.empty()) hops_.clear();
  if (said.tokens.empty()) return;
  Segment segment;
  segment.number = number_++;
  if (!said.times.empty()) {
    segment.start_s = said.times.front().start_s;
    segment.end_s = said.times.back().end_s;
  }
  segment.text = decode::text_of(said.tokens, tokenizer_.get());
  segment.confidence = confidence_of(said);
  segment.hypothesis = std::move(said);
  add_latency(segment);
  hops_.clear();
  closed_.push_back(std::move(segment));
}

const decode::Partial& Segmenter::partial() {
  decoder_->partial_into(partial_);
  if (cut_ > 0) {
    const std::size_t cut = std::min(cut_, partial_.committed.size());
    partial_.committed.erase(partial_.committed.begin(),
                             partial_.committed.begin() + static_cast<std::ptrdiff_t>(cut));
  }
  return partial_;
}

}  // namespace nest::stream
