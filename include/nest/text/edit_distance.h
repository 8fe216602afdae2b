#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nest::text {

/// A word or a code point as the edit distance sees it: equal symbols, equal numbers.
using Symbol = std::uint32_t;

/// Numbers words in order of first appearance, so that they compare as symbols.
class SymbolTable {
 public:
  Symbol intern(const std::string& word);
  std::vector<Symbol> intern_all(const std::vector<std::string>& words);

 private:
  std::unordered_map<std::string, Symbol> ids_;
};

/// The code points of UTF-8 text as symbols. Errors: DataCorrupt.
std::vector<Symbol> character_symbols(std::string_view text);

/// What it takes to make the hypothesis from the reference.
struct EditCounts {
  std::int64_t substitutions = 0;
  std::int64_t deletions = 0;   ///< in the reference, missing in the hypothesis
  std::int64_t insertions = 0;  ///< in the hypothesis, not in the reference
  std::int64_t hits = 0;

  std::int64_t errors() const { return substitutions + deletions + insertions; }
  std::int64_t reference_length() const { return substitutions + deletions + hits; }
  std::int64_t hypothesis_length() const { return substitutions + insertions + hits; }
  EditCounts& operator+=(const EditCounts& other);
  bool operator==(const EditCounts&) const = default;
};

/// Levenshtein distance: fewest substitutions, deletions and insertions.
///
/// Cost:   O(n · ⌈m / 64⌉) time, O(n + distinct symbols) memory, any length
/// Source: Myers 1999 (bit-parallel), Hyyrö 2003 (blocks); twin: reference/edit_distance.h
std::int64_t edit_distance(std::span<const Symbol> reference, std::span<const Symbol> hypothesis);

enum class EditOp : std::uint8_t { kHit, kSubstitute, kDelete, kInsert };

/// An alignment with the fewest errors, first symbol first.
///
/// Of equally short ones: common beginnings and ends are hits; then, from the end, a deletion is
/// taken where it is optimal, else an insertion where the cell to its upper left is larger than the
/// one to its left, else the diagonal (the choice of rapidfuzz and jiwer, so counts agree).
/// Errors: InvalidArgument if the trace of n · ⌈m / 64⌉ words of 16 bytes exceeds 1 GiB.
std::vector<EditOp> align(std::span<const Symbol> reference, std::span<const Symbol> hypothesis);

/// Substitutions, deletions, insertions and hits of align().
EditCounts count_edits(std::span<const Symbol> reference, std::span<const Symbol> hypothesis);
EditCounts count_ops(std::span<const EditOp> ops);

}  // namespace nest::text
