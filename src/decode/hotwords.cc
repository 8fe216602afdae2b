#include "nest/decode/hotwords.h"

#include <algorithm>

#include "nest/core/error.h"

namespace nest::decode {

namespace {

std::uint64_t key_of(std::uint32_t node, TokenId token) {
  return (static_cast<std::uint64_t>(node) << 32) | static_cast<std::uint32_t>(token);
}

}  // namespace

Hotwords::Hotwords(std::span<const std::vector<TokenId>> phrases, double weight) : weight_(weight) {
  std::vector<std::pair<std::uint32_t, TokenId>> entry{{0, -1}};  // parent and token of each node
  for (const auto& phrase : phrases) {
    require(!phrase.empty(), ErrorCode::kInvalidArgument, "a hotword has no tokens");
    std::uint32_t node = 0;
    for (TokenId token : phrase) {
      auto [it, is_new] =
          children_.try_emplace(key_of(node, token), static_cast<std::uint32_t>(nodes_.size()));
      if (is_new) {
        nodes_.push_back({0, nodes_[node].depth + 1, false, 0});
        entry.emplace_back(node, token);
      }
      node = it->second;
    }
    nodes_[node].is_end = true;
  }
  std::vector<std::uint32_t> order(nodes_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [this](std::uint32_t x, std::uint32_t y) {
    return nodes_[x].depth < nodes_[y].depth;
  });
  double most = 0;
  for (std::uint32_t id : order) {  // parents first; fail links point to shallower nodes
    if (id == 0) continue;
    const auto [parent, token] = entry[id];
    Node& node = nodes_[id];
    for (std::uint32_t f = parent; f != 0 && node.fail == 0;) {
      f = nodes_[f].fail;
      const std::uint32_t target = child(f, token);
      if (target != 0 && target != id) node.fail = target;
    }
    node.unbanked = node.is_end ? 0 : nodes_[parent].unbanked + weight_;
    most = std::max(most, node.unbanked);
  }
  upper_bound_ = most + weight_;
}

std::uint32_t Hotwords::child(std::uint32_t node, TokenId token) const {
  const auto it = children_.find(key_of(node, token));
  return it == children_.end() ? 0 : it->second;
}

double Hotwords::advance(std::uint32_t state, TokenId token, std::uint32_t& next) const {
  if (const std::uint32_t target = child(state, token); target != 0) {
    next = target;
    return weight_;
  }
  // The phrase breaks: its unfinished part is taken back, and the longest phrase that this token
  // may still be part of starts with what it has earned so far.
  const double taken_back = nodes_[state].unbanked;
  std::uint32_t node = state;
  while (node != 0) {
    node = nodes_[node].fail;
    if (const std::uint32_t target = child(node, token); target != 0) {
      next = target;
      const double earned = nodes_[node].unbanked + weight_;
      return earned - taken_back;
    }
  }
  next = 0;
  return -taken_back;
}

}  // namespace nest::decode
