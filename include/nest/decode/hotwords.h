#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "nest/decode/hypothesis.h"

namespace nest::decode {

/// Phrases to favour, as an Aho-Corasick automaton over tokens.
///
/// Every token that carries on a phrase adds `weight`; when the phrase breaks off, what its
/// unfinished part had earned is taken back, so only complete phrases keep their bonus.
class Hotwords {
 public:
  /// Errors: InvalidArgument for an empty phrase.
  Hotwords(std::span<const std::vector<TokenId>> phrases, double weight);

  /// State 0 is the start. Returns the bonus of taking the token.
  double advance(std::uint32_t state, TokenId token, std::uint32_t& next) const;
  /// What is taken back if the text ends here (not positive).
  double finish(std::uint32_t state) const { return -nodes_[state].unbanked; }
  /// No advance() ever returns more.
  double upper_bound() const { return upper_bound_; }

 private:
  struct Node {
    std::uint32_t fail = 0;
    std::uint32_t depth = 0;
    bool is_end = false;
    double unbanked = 0;  ///< earned since the last complete phrase on the way here
  };
  std::uint32_t child(std::uint32_t node, TokenId token) const;

  std::vector<Node> nodes_{Node{}};
  std::unordered_map<std::uint64_t, std::uint32_t> children_;
  double weight_;
  double upper_bound_ = 0;
};

}  // namespace nest::decode
