#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nest/decode/ngram.h"

namespace nest::decode {

/// The compact file: this header, then the sections in the order below, each 64-byte aligned.
/// Little-endian; log base e.
struct NGram::Layout {
  static constexpr char kMagic[8] = {'N', 'E', 'S', 'T', 'L', 'M', '1', '\n'};

  struct Header {
    char magic[8];
    std::uint32_t order;
    std::uint32_t vocab;
    std::uint32_t bos, eos, unk;
    std::uint32_t num_nodes;
    std::uint64_t num_entries;
    std::uint64_t capacity;  ///< slots of the table, a power of two
    std::uint64_t word_bytes;
    std::uint64_t reserved;
  };
  static_assert(sizeof(Header) == 64);

  static constexpr std::size_t align(std::size_t n) { return (n + 63) / 64 * 64; }

  std::size_t unigrams, bounds, nodes, table, sorted, offsets, words, end;

  explicit Layout(const Header& h) {
    const std::size_t v = h.vocab;
    unigrams = align(sizeof(Header));
    bounds = align(unigrams + v * sizeof(float));
    nodes = align(bounds + v * sizeof(float));
    table = align(nodes + std::size_t{h.num_nodes} * sizeof(Node));
    sorted = align(table + h.capacity * sizeof(Entry));
    offsets = align(sorted + v * sizeof(std::uint32_t));
    words = align(offsets + (v + 1) * sizeof(std::uint64_t));
    end = words + h.word_bytes;
  }
};

inline std::uint64_t ngram_hash(std::uint32_t node, std::uint32_t word) {
  // The finaliser of splitmix64: every input bit reaches the low bits that pick the slot.
  std::uint64_t x = (static_cast<std::uint64_t>(node) << 32) | word;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

}  // namespace nest::decode
