#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "nest/decode/hypothesis.h"
#include "score_math.h"

namespace nest::decode {

/// One way to go on: entry `parent` of the beam with `token` (-1: stays as it is).
struct Candidate {
  double score;
  std::int32_t parent;
  std::int32_t token;
};

/// A total order, so that ties never depend on the order of arrival.
inline bool operator<(const Candidate& a, const Candidate& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.parent != b.parent) return a.parent < b.parent;
  return a.token < b.token;
}

/// Keeps the best `size` of any number of candidates.
///
/// threshold() is a score that at least `size` candidates already reach: whatever cannot reach it
/// need not be computed. Cost: amortised O(1) an add; no allocation after the first utterance.
class CandidatePool {
 public:
  void reset(std::size_t size) {
    size_ = size;
    items_.clear();
    const std::size_t capacity = std::max<std::size_t>(4 * size, 256);
    if (items_.capacity() < capacity) items_.reserve(capacity);
    limit_ = capacity;
    threshold_ = kLogZero;
  }
  void add(const Candidate& candidate) {
    items_.push_back(candidate);
    if (items_.size() == limit_) shrink();
  }
  double threshold() const { return threshold_; }
  void raise_threshold(double score) { threshold_ = std::max(threshold_, score); }

  /// Drops all but the best `size` now.
  void shrink() {
    if (items_.size() < size_ || size_ == 0) return;
    const auto nth = items_.begin() + static_cast<std::ptrdiff_t>(size_ - 1);
    std::nth_element(items_.begin(), nth, items_.end());
    threshold_ = std::max(threshold_, nth->score);
    items_.resize(size_);
  }
  /// The best `size`, best first.
  const std::vector<Candidate>& take_sorted() {
    shrink();
    std::sort(items_.begin(), items_.end());
    return items_;
  }

 private:
  std::size_t size_ = 0;
  std::size_t limit_ = 0;
  double threshold_ = kLogZero;
  std::vector<Candidate> items_;
};

/// Tokens worth trying in a frame, best first: those whose value reaches a cutoff.
struct TokenChoice {
  float value;
  TokenId token;
};
inline bool operator<(const TokenChoice& a, const TokenChoice& b) {
  return a.value != b.value ? a.value > b.value : a.token < b.token;
}

}  // namespace nest::decode
