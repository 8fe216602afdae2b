#include "nest/text/edit_distance.h"

#include <algorithm>
#include <utility>

#include "nest/core/error.h"
#include "nest/text/unicode.h"

namespace nest::text {
namespace {

using Word = std::uint64_t;
constexpr std::size_t kWordBits = 64;
constexpr std::size_t kMaxTraceBytes = std::size_t{1} << 30;

/// Both sequences with symbols renumbered 0..distinct-1.
struct Dense {
  std::vector<Symbol> reference;
  std::vector<Symbol> hypothesis;
  std::size_t distinct = 0;
};

Dense renumber(std::span<const Symbol> reference, std::span<const Symbol> hypothesis) {
  std::unordered_map<Symbol, Symbol> ids;
  const auto id_of = [&](Symbol symbol) {
    return ids.emplace(symbol, static_cast<Symbol>(ids.size())).first->second;
  };
  Dense dense;
  dense.reference.reserve(reference.size());
  dense.hypothesis.reserve(hypothesis.size());
  for (const Symbol symbol : reference) dense.reference.push_back(id_of(symbol));
  for (const Symbol symbol : hypothesis) dense.hypothesis.push_back(id_of(symbol));
  dense.distinct = ids.size();
  return dense;
}

/// Differences of the distance table, 64 reference symbols at a time: bit i of `plus` (`minus`)
/// says that going down one row to row i raises (lowers) the distance by one.
struct VerticalDelta {
  Word plus = ~Word{0};
  Word minus = 0;
};

/// Runs one block of rows over all columns. `horizontal` holds the change along the row above for
/// each column (+1, 0, -1) and leaves with that of the block's last row. `keep(column, delta)` sees
/// the vertical differences of each column.
template <class Keep>
void run_block(std::span<const Symbol> rows, std::span<const Symbol> columns,
               std::vector<Word>& masks, std::vector<std::int8_t>& horizontal, Keep keep) {
  for (std::size_t i = 0; i < rows.size(); ++i) masks[rows[i]] |= Word{1} << i;
  const std::size_t last = rows.size() - 1;
  VerticalDelta v;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const Word plus_in = horizontal[j] > 0 ? 1 : 0;
    const Word minus_in = horizontal[j] < 0 ? 1 : 0;
    const Word match = masks[columns[j]];
    const Word match_in = match | minus_in;
    const Word zero = (((match_in & v.plus) + v.plus) ^ v.plus) | match_in | v.minus;
    Word plus = v.minus | ~(zero | v.plus);
    Word minus = v.plus & zero;
    horizontal[j] = static_cast<std::int8_t>(static_cast<int>(plus >> last & 1) -
                                             static_cast<int>(minus >> last & 1));
    plus = plus << 1 | plus_in;
    minus = minus << 1 | minus_in;
    v.plus = minus | ~(zero | plus);
    v.minus = plus & zero;
    keep(j, v);
  }
  for (const Symbol symbol : rows) masks[symbol] = 0;
}

template <class Keep>
std::int64_t run_all(const Dense& dense, Keep keep) {
  const std::span<const Symbol> rows(dense.reference);
  std::vector<Word> masks(dense.distinct, 0);
  std::vector<std::int8_t> horizontal(dense.hypothesis.size(), 1);
  for (std::size_t begin = 0; begin < rows.size(); begin += kWordBits) {
    const std::size_t count = std::min(kWordBits, rows.size() - begin);
    run_block(rows.subspan(begin, count), dense.hypothesis, masks, horizontal,
              [&](std::size_t j, const VerticalDelta& v) { keep(begin / kWordBits, j, v); });
  }
  std::int64_t distance = static_cast<std::int64_t>(rows.size());
  for (const std::int8_t step : horizontal) distance += step;
  return distance;
}

/// Length of the common beginning and, behind it, of the common end.
std::pair<std::size_t, std::size_t> common_affixes(std::span<const Symbol> a,
                                                   std::span<const Symbol> b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t prefix = 0;
  while (prefix < shorter && a[prefix] == b[prefix]) ++prefix;
  std::size_t suffix = 0;
  while (suffix < shorter - prefix && a[a.size() - 1 - suffix] == b[b.size() - 1 - suffix])
    ++suffix;
  return {prefix, suffix};
}

/// The operations from the last cell back to the first, last operation first.
void trace_back(const Dense& dense, std::vector<EditOp>& backwards) {
  const std::size_t columns = dense.hypothesis.size();
  const std::size_t blocks = (dense.reference.size() + kWordBits - 1) / kWordBits;
  require(blocks * columns <= kMaxTraceBytes / sizeof(VerticalDelta), ErrorCode::kInvalidArgument,
          "aligning {} with {} symbols needs more than {} MiB: split the text into lines",
          dense.reference.size(), columns, kMaxTraceBytes >> 20);
  std::vector<VerticalDelta> trace(blocks * columns);
  run_all(dense, [&](std::size_t block, std::size_t j, const VerticalDelta& v) {
    trace[block * columns + j] = v;
  });
  std::size_t i = dense.reference.size();
  std::size_t j = columns;
  const auto at = [&](std::size_t column) -> const VerticalDelta& {
    return trace[(i - 1) / kWordBits * columns + column - 1];
  };
  while (i > 0 && j > 0) {
    const std::size_t bit = (i - 1) % kWordBits;
    if (at(j).plus >> bit & 1) {
      backwards.push_back(EditOp::kDelete);
      --i;
    } else if (j > 1 && (at(j - 1).minus >> bit & 1)) {
      backwards.push_back(EditOp::kInsert);
      --j;
    } else {
      const bool hit = dense.reference[i - 1] == dense.hypothesis[j - 1];
      backwards.push_back(hit ? EditOp::kHit : EditOp::kSubstitute);
      --i;
      --j;
    }
  }
  backwards.insert(backwards.end(), i, EditOp::kDelete);
  backwards.insert(backwards.end(), j, EditOp::kInsert);
}

}  // namespace

Symbol SymbolTable::intern(const std::string& word) {
  return ids_.emplace(word, static_cast<Symbol>(ids_.size())).first->second;
}

std::vector<Symbol> SymbolTable::intern_all(const std::vector<std::string>& words) {
  std::vector<Symbol> symbols;
  symbols.reserve(words.size());
  for (const std::string& word : words) symbols.push_back(intern(word));
  return symbols;
}

std::vector<Symbol> character_symbols(std::string_view text) {
  const std::u32string points = decode_utf8(text);
  return {points.begin(), points.end()};
}

EditCounts& EditCounts::operator+=(const EditCounts& other) {
  substitutions += other.substitutions;
  deletions += other.deletions;
  insertions += other.insertions;
  hits += other.hits;
  return *this;
}

std::int64_t edit_distance(std::span<const Symbol> reference, std::span<const Symbol> hypothesis) {
  const auto [prefix, suffix] = common_affixes(reference, hypothesis);
  const auto a = reference.subspan(prefix, reference.size() - prefix - suffix);
  const auto b = hypothesis.subspan(prefix, hypothesis.size() - prefix - suffix);
  if (a.empty() || b.empty()) return static_cast<std::int64_t>(a.size() + b.size());
  return run_all(renumber(a, b), [](std::size_t, std::size_t, const VerticalDelta&) {});
}

std::vector<EditOp> align(std::span<const Symbol> reference, std::span<const Symbol> hypothesis) {
  const auto [prefix, suffix] = common_affixes(reference, hypothesis);
  const Dense dense = renumber(reference.subspan(prefix, reference.size() - prefix - suffix),
                               hypothesis.subspan(prefix, hypothesis.size() - prefix - suffix));
  std::vector<EditOp> ops(suffix, EditOp::kHit);
  trace_back(dense, ops);
  ops.insert(ops.end(), prefix, EditOp::kHit);
  std::reverse(ops.begin(), ops.end());
  return ops;
}

EditCounts count_ops(std::span<const EditOp> ops) {
  EditCounts counts;
  for (const EditOp op : ops) {
    switch (op) {
      case EditOp::kHit:
        ++counts.hits;
        break;
      case EditOp::kSubstitute:
        ++counts.substitutions;
        break;
      case EditOp::kDelete:
        ++counts.deletions;
        break;
      case EditOp::kInsert:
        ++counts.insertions;
        break;
    }
  }
  return counts;
}

EditCounts count_edits(std::span<const Symbol> reference, std::span<const Symbol> hypothesis) {
  return count_ops(align(reference, hypothesis));
}

}  // namespace nest::text
