#pragma once

#include <cstdint>
#include <vector>

namespace nest::decode {

/// Nodes by index; those that were given back are handed out first. No allocation once the array
/// has grown to what is alive at a time.
template <class Node>
class NodePool {
 public:
  void clear() {
    nodes_.clear();
    free_.clear();
  }
  std::int32_t take() {
    if (free_.empty()) {
      nodes_.emplace_back();
      if (free_.capacity() < nodes_.capacity()) free_.reserve(nodes_.capacity());
      return static_cast<std::int32_t>(nodes_.size()) - 1;
    }
    const std::int32_t n = free_.back();
    free_.pop_back();
    return n;
  }
  void give_back(std::int32_t n) { free_.push_back(n); }
  /// Size that arrays indexed by node must have.
  std::size_t capacity() const { return nodes_.size(); }

  Node& operator[](std::int32_t n) { return nodes_[static_cast<std::size_t>(n)]; }
  const Node& operator[](std::int32_t n) const { return nodes_[static_cast<std::size_t>(n)]; }

 private:
  std::vector<Node> nodes_;
  std::vector<std::int32_t> free_;
};

}  // namespace nest::decode
