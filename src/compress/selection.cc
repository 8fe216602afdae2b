#include "selection.h"

#include <algorithm>
#include <cmath>

#include "nest/graph/sparsity.h"

namespace nest::compress {
namespace {

/// What is dropped as a whole.
struct Cell {
  float score;
  std::uint16_t gain;  ///< zeros that it makes
  std::uint16_t candidate;
  std::uint32_t index;  ///< in its candidate

  bool operator<(const Cell& other) const {
    if (score != other.score) return score < other.score;
    return candidate != other.candidate ? candidate < other.candidate : index < other.index;
  }
};

/// How a weight falls into cells.
struct Grid {
  std::int64_t rows, columns, cell_rows, cell_columns;

  Grid(const PrunableWeight& weight, PrunePattern::Kind kind)
      : rows(weight.rows()), columns(weight.columns()), cell_rows(1), cell_columns(1) {
    if (kind != PrunePattern::Kind::kBlock) return;
    cell_rows = graph::kSparseBlockRows;
    cell_columns = graph::kSparseBlockColumns;
  }
  std::int64_t across() const { return (columns + cell_columns - 1) / cell_columns; }
  std::int64_t count() const { return (rows + cell_rows - 1) / cell_rows * across(); }

  template <class F>
  void each_element(std::int64_t cell, F&& f) const {
    const std::int64_t row = cell / across() * cell_rows, column = cell % across() * cell_columns;
    for (std::int64_t r = row; r < std::min(rows, row + cell_rows); ++r)
      for (std::int64_t c = column; c < std::min(columns, column + cell_columns); ++c)
        f(static_cast<std::size_t>(r * columns + c));
  }
};

void add_cells(std::vector<Cell>& cells, const Candidate& candidate, std::size_t index,
               const Grid& grid) {
  const auto is_kept = candidate.is_kept.data<bool>();
  for (std::int64_t i = 0; i < grid.count(); ++i) {
    double sum = 0;
    int size = 0, gain = 0;
    grid.each_element(i, [&](std::size_t at) {
      ++size;
      if (!is_kept[at]) return;
      ++gain;
      sum += candidate.scores[at];
    });
    if (gain == 0) continue;
    cells.push_back({static_cast<float>(sum / size), static_cast<std::uint16_t>(gain),
                     static_cast<std::uint16_t>(index), static_cast<std::uint32_t>(i)});
  }
}

}  // namespace

std::int64_t Candidate::zeros() const {
  const auto kept = is_kept.data<bool>();
  return std::count(kept.begin(), kept.end(), false);
}

void drop_lowest(const std::vector<Candidate*>& pool, PrunePattern::Kind kind, std::int64_t zeros,
                 double most) {
  std::vector<Grid> grids;
  std::vector<std::int64_t> left;  // that each may lose
  std::vector<Cell> cells;
  std::int64_t missing = zeros;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    const std::int64_t has = pool[i]->zeros();
    missing -= has;
    left.push_back(std::llround(most * static_cast<double>(pool[i]->elements())) - has);
    grids.emplace_back(pool[i]->weight, kind);
    add_cells(cells, *pool[i], i, grids.back());
  }
  std::sort(cells.begin(), cells.end());
  for (const Cell& cell : cells) {
    if (cell.gain > left[cell.candidate]) continue;
    if (cell.gain - missing > missing) break;  // without it the sum is nearer
    auto is_kept = pool[cell.candidate]->is_kept.mutable_data<bool>();
    grids[cell.candidate].each_element(cell.index, [&](std::size_t at) { is_kept[at] = false; });
    left[cell.candidate] -= cell.gain;
    missing -= cell.gain;
  }
}

void keep_n_of_m(Candidate& candidate, const PrunePattern& pattern) {
  const std::int64_t rows = candidate.weight.rows(), columns = candidate.weight.columns();
  const std::int64_t m = pattern.m;
  auto is_kept = candidate.is_kept.mutable_data<bool>();
  std::vector<std::size_t> group;
  std::int64_t owed = 0;  // elements of short groups that may stay, times m
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t begin = 0; begin < columns; begin += m) {
      const std::int64_t size = std::min(m, columns - begin);
      std::int64_t stay = pattern.n;
      if (size < m) {
        owed += size * pattern.n;
        stay = std::clamp<std::int64_t>((2 * owed + m) / (2 * m), 0, std::min(size, pattern.n));
        owed -= stay * m;
      }
      group.clear();
      for (std::int64_t i = 0; i < size; ++i) {
        const auto at = static_cast<std::size_t>(row * columns + begin + i);
        if (is_kept[at]) group.push_back(at);
      }
      std::stable_sort(group.begin(), group.end(), [&](std::size_t a, std::size_t b) {
        return candidate.scores[a] > candidate.scores[b];
      });
      for (std::size_t i = static_cast<std::size_t>(stay); i < group.size(); ++i)
        is_kept[group[i]] = false;
    }
  }
}

}  // namespace nest::compress
