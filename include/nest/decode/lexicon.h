#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/decode/token_surface.h"

namespace nest::decode {

/// A byte trie over words; node 0 is the empty word.
class Lexicon {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  Lexicon() = default;
  /// Word i of the list gets id i; empty words are skipped, of equal words the first counts.
  explicit Lexicon(std::span<const std::string> words);

  /// Node after spelling `text` from `node`; kNone if no word continues so.
  std::uint32_t walk(std::uint32_t node, std::string_view text) const;
  /// Id of the word that ends at the node; kNone if none does.
  std::uint32_t word_at(std::uint32_t node) const { return nodes_[node].word; }
  std::size_t num_nodes() const { return nodes_.size(); }

 private:
  struct Node {
    std::uint32_t first_edge = 0;
    std::uint32_t num_edges = 0;
    std::uint32_t word = kNone;
  };
  struct Edge {
    unsigned char byte;
    std::uint32_t target;
  };
  void build(std::uint32_t node, std::size_t begin, std::size_t end, std::size_t depth,
             std::span<const std::pair<std::string_view, std::uint32_t>> sorted);

  std::vector<Node> nodes_{Node{}};
  std::vector<Edge> edges_;
};

/// Follows a lexicon through tokens: the word in progress, closed at boundaries.
class LexiconWalk {
 public:
  LexiconWalk(const Lexicon& lexicon, const TokenSurfaces& surfaces)
      : lexicon_(lexicon), surfaces_(surfaces) {}

  /// Takes one token from `node` (0: between words). Calls `close(node)` for every word that ends,
  /// kNone for one that fell off the trie. Returns the node after the token; falling off is sticky
  /// until the next boundary.
  template <class Close>
  std::uint32_t advance(std::uint32_t node, TokenId token, Close&& close) const {
    const TokenSurface& surface = surfaces_[static_cast<std::size_t>(token)];
    if (surface.boundary_before && node != 0) {
      close(node);
      node = 0;
    }
    if (!surface.text.empty() && node != Lexicon::kNone) node = lexicon_.walk(node, surface.text);
    if (surface.boundary_after && node != 0) {
      close(node);
      node = 0;
    }
    return node;
  }
  const Lexicon& lexicon() const { return lexicon_; }

 private:
  const Lexicon& lexicon_;
  const TokenSurfaces& surfaces_;
};

}  // namespace nest::decode
