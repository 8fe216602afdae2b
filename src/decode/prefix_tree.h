#pragma once

#include <cstdint>
#include <vector>

#include "nest/decode/hypothesis.h"
#include "node_pool.h"

namespace nest::decode {

/// Token prefixes as a tree in flat arrays; every prefix has one node, so equal prefixes meet.
///
/// Nodes are reference-counted (children and beam entries hold their node) and go back to a free
/// list at once, so memory is bounded by what is alive. Look-up by (parent, token) is a chained
/// hash inside the nodes. No allocation once the arrays have grown to the beam's need.
class PrefixTree {
 public:
  static constexpr std::int32_t kRoot = 0;
  static constexpr std::int32_t kNone = -1;

  PrefixTree() { clear(); }

  void clear() {
    nodes_.clear();
    at(nodes_.take()) = {kNone, -1, 1, kNone, 0};
    if (heads_.empty()) heads_.resize(1024);
    for (auto& head : heads_) head = kNone;
    live_ = 1;
  }

  /// Size that arrays indexed by node must have.
  std::size_t capacity() const { return nodes_.capacity(); }
  std::int32_t parent(std::int32_t n) const { return at(n).parent; }
  TokenId token(std::int32_t n) const { return at(n).token; }
  std::int32_t depth(std::int32_t n) const { return at(n).depth; }

  /// The node of the prefix, new (unreferenced, is_new set) if there was none.
  std::int32_t find_or_insert(std::int32_t parent, TokenId token, bool& is_new) {
    const std::size_t bucket = bucket_of(parent, token);
    for (std::int32_t n = heads_[bucket]; n != kNone; n = at(n).next) {
      if (at(n).parent == parent && at(n).token == token) {
        is_new = false;
        return n;
      }
    }
    is_new = true;
    return insert(parent, token);
  }

  void retain(std::int32_t n) { ++at(n).refs; }
  void release(std::int32_t n) {
    while (--at(n).refs == 0) {
      const std::int32_t parent = at(n).parent;
      unlink(n);
      nodes_.give_back(n);
      --live_;
      n = parent;
    }
  }

  /// Tokens from the root (exclusive) to the node.
  void tokens(std::int32_t n, std::vector<TokenId>& out) const {
    out.resize(static_cast<std::size_t>(at(n).depth));
    for (std::size_t i = out.size(); i-- > 0; n = at(n).parent) out[i] = at(n).token;
  }

  /// The longest common prefix of two nodes.
  std::int32_t meet(std::int32_t a, std::int32_t b) const {
    while (a != b) {
      if (at(a).depth < at(b).depth) std::swap(a, b);
      a = at(a).parent;
    }
    return a;
  }

 private:
  struct Node {
    std::int32_t parent;
    TokenId token;
    std::int32_t refs;
    std::int32_t next;  ///< in the bucket
    std::int32_t depth;
  };

  Node& at(std::int32_t n) { return nodes_[n]; }
  const Node& at(std::int32_t n) const { return nodes_[n]; }

  std::size_t bucket_of(std::int32_t parent, TokenId token) const {
    std::uint64_t x = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(parent)) << 32) |
                      static_cast<std::uint32_t>(token);
    x *= 0x9e3779b97f4a7c15ull;
    return static_cast<std::size_t>(x >> 32) & (heads_.size() - 1);
  }

  std::int32_t insert(std::int32_t parent, TokenId token) {
    const std::int32_t n = nodes_.take();
    if (++live_ > heads_.size()) grow();
    const std::size_t bucket = bucket_of(parent, token);
    at(n) = {parent, token, 0, heads_[bucket], at(parent).depth + 1};
    heads_[bucket] = n;
    ++at(parent).refs;
    return n;
  }

  void unlink(std::int32_t n) {
    std::int32_t* link = &heads_[bucket_of(at(n).parent, at(n).token)];
    while (*link != n) link = &at(*link).next;
    *link = at(n).next;
  }

  void grow() {
    std::vector<std::int32_t> old(heads_.size() * 2, kNone);
    old.swap(heads_);
    for (std::int32_t head : old) {
      for (std::int32_t n = head; n != kNone;) {
        const std::int32_t next = at(n).next;
        const std::size_t bucket = bucket_of(at(n).parent, at(n).token);
        at(n).next = heads_[bucket];
        heads_[bucket] = n;
        n = next;
      }
    }
  }

  NodePool<Node> nodes_;
  std::vector<std::int32_t> heads_;  ///< power of two
  std::size_t live_ = 1;
};

}  // namespace nest::decode
