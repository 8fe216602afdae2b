#include "ngram_builder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>
#include <set>

#include "nest/core/error.h"
#include "nest/core/tensor.h"
#include "nest/core/utf8.h"
#include "ngram_layout.h"

namespace nest::decode {

std::uint32_t NGramLists::add_word(std::string_view word) {
  const auto id = static_cast<std::uint32_t>(words_.size());
  if (!ids_.try_emplace(std::string(word), id).second) return kNoWord;
  words_.emplace_back(word);
  return id;
}

std::uint32_t NGramLists::find_word(std::string_view word) const {
  const auto it = ids_.find(word);
  return it == ids_.end() ? kNoWord : it->second;
}

void NGramLists::reserve(int k, std::uint64_t count) {
  list(k).words.reserve(static_cast<std::size_t>(k) * count);
  list(k).prob.reserve(count);
  list(k).backoff.reserve(count);
}

void NGramLists::add(int k, const std::uint32_t* words, float prob, float backoff) {
  List& l = list(k);
  l.words.insert(l.words.end(), words, words + k);
  l.prob.push_back(prob);
  l.backoff.push_back(backoff);
}

namespace {

/// Toolkits write the words of their own in lower or upper case. The lower-case spelling counts
/// where both are there.
std::uint32_t find_special(const NGramLists& lists, std::string_view word) {
  const std::uint32_t exact = lists.find_word(word);
  if (exact != NGramLists::kNoWord) return exact;
  const auto& words = lists.words();
  const auto found = std::find_if(words.begin(), words.end(), [&](const std::string& other) {
    return lower_ascii(other) == word;
  });
  return found == words.end() ? NGramLists::kNoWord
                              : static_cast<std::uint32_t>(found - words.begin());
}

using Node = NGram::Node;
using Entry = NGram::Entry;

constexpr float kBlank = 1;  // no log-probability is positive: "to be filled in"

/// One attempt at the structure; false from insert_all() means contexts were added to the lists.
class Builder {
 public:
  Builder(NGramLists& lists, const std::string& origin) : lists_(lists), origin_(origin) {
    const auto& unigrams = lists.list(1);
    vocab_ = static_cast<std::uint32_t>(unigrams.prob.size());
    std::uint64_t higher = 0;
    for (int k = 2; k <= lists.order(); ++k) higher += lists.list(k).prob.size();
    require(higher + vocab_ < (1ull << 31), ErrorCode::kUnsupported, "{}: {} n-grams; at most 2^31",
            origin, higher + vocab_);
    table_.resize(std::bit_ceil(higher + higher / 2 + 2));
    nodes_.push_back({0, 0});
    for (std::uint32_t w = 0; w < vocab_; ++w) nodes_.push_back({unigrams.backoff[w], 0});
    count_ = higher;
  }

  bool insert_all() {
    bool complete = true;
    for (int k = 2; k <= lists_.order() && complete; ++k) complete = insert_order(k);
    return complete;
  }

  std::shared_ptr<const NGram> finish() {
    link_last_order();
    return lay_out();
  }

 private:
  Entry* lookup(std::uint32_t node, std::uint32_t word) {
    const std::uint64_t mask = table_.size() - 1;
    for (std::uint64_t slot = ngram_hash(node, word) & mask;; slot = (slot + 1) & mask) {
      Entry& e = table_[slot];
      if (e.node == 0 || (e.node == node && e.word == word)) return &e;
    }
  }

  /// Exact node of the words; 0 if there is none.
  std::uint32_t walk(const std::uint32_t* words, int k) {
    std::uint32_t node = words[0] + 1;
    for (int i = 1; i < k && node != 0; ++i) {
      const Entry* e = lookup(node, words[i]);
      node = e->node == 0 ? 0 : e->next;
    }
    return node;
  }

  /// The longest known context that ends in `word` after leaving the first word of `context`.
  std::uint32_t suffix_of(std::uint32_t context, std::uint32_t word) {
    for (std::uint32_t s = nodes_[context].suffix; s != 0; s = nodes_[s].suffix) {
      const Entry* e = lookup(s, word);
      if (e->node != 0) return e->next;
    }
    return word + 1;
  }

  float backed_off(std::uint32_t context, std::uint32_t word) {
    float total = nodes_[context].backoff;
    for (std::uint32_t s = nodes_[context].suffix; s != 0; s = nodes_[s].suffix) {
      const Entry* e = lookup(s, word);
      if (e->node != 0) return total + e->prob;
      total += nodes_[s].backoff;
    }
    return total + lists_.list(1).prob[word];
  }

  bool insert_order(int k) {
    NGramLists::List& list = lists_.list(k);
    const bool is_last = k == lists_.order();
    bool complete = true;
    for (std::size_t i = 0; i < list.prob.size(); ++i) {
      const std::uint32_t* words = &list.words[i * static_cast<std::size_t>(k)];
      const std::uint32_t context = walk(words, k - 1);
      if (context == 0) {
        complete = false;
        add_missing(words, k - 1);
      }
      if (!complete) continue;
      const std::uint32_t word = words[k - 1];
      const float prob = list.prob[i] == kBlank ? backed_off(context, word) : list.prob[i];
      Entry* e = lookup(context, word);
      require(e->node == 0, ErrorCode::kDataCorrupt, "{}: {}-gram {} is listed twice", origin_, k,
              i + 1);
      std::uint32_t own = 0;
      if (!is_last) {
        own = static_cast<std::uint32_t>(nodes_.size());
        nodes_.push_back({list.backoff[i], suffix_of(context, word)});
      }
      *e = {context, word, prob, own};
    }
    return complete;
  }

  /// Lists the context (w1..wk) as a blank, once.
  void add_missing(const std::uint32_t* words, int k) {
    std::vector<std::uint32_t> key(words, words + k);
    if (missing_order_ != k) {
      missing_.clear();
      missing_order_ = k;
    }
    if (missing_.insert(key).second) lists_.add(k, key.data(), kBlank, 0);
  }

  void link_last_order() {
    if (lists_.order() < 2) return;
    const int k = lists_.order();
    const auto& list = lists_.list(k);
    for (std::size_t i = 0; i < list.prob.size(); ++i) {
      const std::uint32_t* words = &list.words[i * static_cast<std::size_t>(k)];
      const std::uint32_t context = walk(words, k - 1);
      lookup(context, words[k - 1])->next = suffix_of(context, words[k - 1]);
    }
  }

  /// bound_k(w) = max(bound_{k-1}(w) + max(0, largest back-off of order k-1), listed p of order k).
  std::vector<float> bounds() {
    std::vector<float> bound(lists_.list(1).prob);
    for (int k = 2; k <= lists_.order(); ++k) {
      float most = 0;
      for (float b : lists_.list(k - 1).backoff) most = std::max(most, b);
      for (float& b : bound) b += most;
      const auto& list = lists_.list(k);
      for (std::size_t i = 0; i < list.prob.size(); ++i) {
        float& b = bound[list.words[(i + 1) * static_cast<std::size_t>(k) - 1]];
        if (list.prob[i] != kBlank) b = std::max(b, list.prob[i]);
      }
    }
    for (float& b : bound) b += 1e-4f;  // covers the rounding of sums in score()
    return bound;
  }

  std::shared_ptr<const NGram> lay_out() {
    const auto& words = lists_.words();
    std::uint64_t word_bytes = 0;
    for (const std::string& w : words) word_bytes += w.size();
    NGram::Layout::Header h{};
    std::memcpy(h.magic, NGram::Layout::kMagic, 8);
    h.order = static_cast<std::uint32_t>(lists_.order());
    h.vocab = vocab_;
    h.bos = find_special(lists_, "<s>");
    h.eos = find_special(lists_, "</s>");
    h.unk = find_special(lists_, "<unk>");
    h.num_nodes = static_cast<std::uint32_t>(nodes_.size());
    h.num_entries = count_;
    h.capacity = table_.size();
    h.word_bytes = word_bytes;
    const NGram::Layout at(h);
    Tensor block(DType::kU8, {static_cast<std::int64_t>(at.end)});
    auto* out = static_cast<std::byte*>(block.mutable_raw());
    std::memcpy(out, &h, sizeof(h));
    std::memcpy(out + at.unigrams, lists_.list(1).prob.data(), vocab_ * sizeof(float));
    std::memcpy(out + at.bounds, bounds().data(), vocab_ * sizeof(float));
    std::memcpy(out + at.nodes, nodes_.data(), nodes_.size() * sizeof(Node));
    std::memcpy(out + at.table, table_.data(), table_.size() * sizeof(Entry));
    write_words(out, at);
    const std::span<const std::byte> view(out, at.end);
    return NGram::from_block(view, std::make_shared<Tensor>(std::move(block)), origin_);
  }

  void write_words(std::byte* out, const NGram::Layout& at) const {
    const auto& words = lists_.words();
    std::vector<std::uint32_t> sorted(words.size());
    std::iota(sorted.begin(), sorted.end(), 0u);
    std::sort(sorted.begin(), sorted.end(),
              [&](std::uint32_t a, std::uint32_t b) { return words[a] < words[b]; });
    std::memcpy(out + at.sorted, sorted.data(), sorted.size() * sizeof(std::uint32_t));
    std::vector<std::uint64_t> offsets{0};
    for (const std::string& w : words) {
      std::memcpy(out + at.words + offsets.back(), w.data(), w.size());
      offsets.push_back(offsets.back() + w.size());
    }
    std::memcpy(out + at.offsets, offsets.data(), offsets.size() * sizeof(std::uint64_t));
  }

  NGramLists& lists_;
  const std::string& origin_;
  std::uint32_t vocab_ = 0;
  std::uint64_t count_ = 0;
  std::vector<Entry> table_;
  std::vector<Node> nodes_;
  int missing_order_ = 0;
  std::set<std::vector<std::uint32_t>> missing_;
};

}  // namespace

std::shared_ptr<const NGram> build_ngram(NGramLists& lists, const std::string& origin) {
  for (std::string_view word : {"<s>", "</s>"}) {
    require(find_special(lists, word) != NGramLists::kNoWord, ErrorCode::kDataCorrupt,
            "{}: the language model has no {}", origin, word);
  }
  if (find_special(lists, "<unk>") == NGramLists::kNoWord) {
    const std::uint32_t unk = lists.add_word("<unk>");
    lists.add(1, &unk, static_cast<float>(-100 * std::numbers::ln10), 0);
  }
  while (true) {
    Builder builder(lists, origin);
    if (builder.insert_all()) return builder.finish();
  }
}

}  // namespace nest::decode
