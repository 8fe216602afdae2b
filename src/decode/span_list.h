#pragma once

#include <cstdint>

#include "nest/decode/hypothesis.h"
#include "node_pool.h"
#include "score_math.h"

namespace nest::decode {

/// Token spans of alignments as shared backward lists, reference-counted like PrefixTree.
class SpanList {
 public:
  static constexpr std::int32_t kNone = -1;

  void clear() { nodes_.clear(); }

  /// A list with one more span; the caller owns one reference to it.
  std::int32_t push(std::int32_t previous, std::int32_t start, std::int32_t end, float log_prob) {
    const std::int32_t n = nodes_.take();
    at(n) = {previous, 1, start, end, log_prob};
    retain(previous);
    return n;
  }
  void retain(std::int32_t n) {
    if (n != kNone) ++at(n).refs;
  }
  void release(std::int32_t n) {
    while (n != kNone && --at(n).refs == 0) {
      nodes_.give_back(n);
      n = at(n).previous;
    }
  }

  /// Writes the last `count` spans of the list, in order of time.
  void read(std::int32_t n, std::size_t count, double confidence_temperature,
            Hypothesis& out) const {
    out.times.resize(count);
    out.confidences.resize(count);
    for (std::size_t i = count; i-- > 0 && n != kNone; n = at(n).previous) {
      const Node& node = at(n);
      out.times[i] = {node.start, node.end, 0, 0};
      out.confidences[i] = tempered_confidence(node.log_prob, confidence_temperature);
    }
  }

 private:
  struct Node {
    std::int32_t previous;
    std::int32_t refs;
    std::int32_t start, end;
    float log_prob;
  };
  Node& at(std::int32_t n) { return nodes_[n]; }
  const Node& at(std::int32_t n) const { return nodes_[n]; }

  NodePool<Node> nodes_;
};

}  // namespace nest::decode
