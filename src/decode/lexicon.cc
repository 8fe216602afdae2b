#include "nest/decode/lexicon.h"

#include <algorithm>
#include <utility>

namespace nest::decode {

Lexicon::Lexicon(std::span<const std::string> words) {
  std::vector<std::pair<std::string_view, std::uint32_t>> sorted;
  sorted.reserve(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].empty()) sorted.emplace_back(words[i], static_cast<std::uint32_t>(i));
  }
  std::sort(sorted.begin(), sorted.end());
  build(0, 0, sorted.size(), 0, sorted);
}

void Lexicon::build(std::uint32_t node, std::size_t begin, std::size_t end, std::size_t depth,
                    std::span<const std::pair<std::string_view, std::uint32_t>> sorted) {
  // Words that end here sort first; iterative over an explicit stack, because a foreign word list
  // may hold very long words.
  struct Range {
    std::uint32_t node;
    std::size_t begin, end, depth;
  };
  std::vector<Range> stack{{node, begin, end, depth}};
  while (!stack.empty()) {
    Range r = stack.back();
    stack.pop_back();
    while (r.begin < r.end && sorted[r.begin].first.size() == r.depth) {
      if (nodes_[r.node].word == kNone) nodes_[r.node].word = sorted[r.begin].second;
      ++r.begin;
    }
    nodes_[r.node].first_edge = static_cast<std::uint32_t>(edges_.size());
    for (std::size_t i = r.begin; i < r.end;) {
      const auto byte = static_cast<unsigned char>(sorted[i].first[r.depth]);
      std::size_t j = i;
      while (j < r.end && static_cast<unsigned char>(sorted[j].first[r.depth]) == byte) ++j;
      const auto target = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
      edges_.push_back({byte, target});
      ++nodes_[r.node].num_edges;
      stack.push_back({target, i, j, r.depth + 1});
      i = j;
    }
  }
}

std::uint32_t Lexicon::walk(std::uint32_t node, std::string_view text) const {
  for (char c : text) {
    const Node& n = nodes_[node];
    const Edge* first = edges_.data() + n.first_edge;
    const Edge* last = first + n.num_edges;
    const auto byte = static_cast<unsigned char>(c);
    const Edge* edge = std::lower_bound(first, last, byte,
                                        [](const Edge& e, unsigned char b) { return e.byte < b; });
    if (edge == last || edge->byte != byte) return kNone;
    node = edge->target;
  }
  return node;
}

}  // namespace nest::decode
