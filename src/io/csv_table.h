#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nest::io {

/// The cells of a text table: comma, semicolon or tab between them, quotes as in RFC 4180. Empty
/// lines and those that begin with '#' are skipped.
struct CsvTable {
  using Cells = std::vector<std::string>;
  Cells names;  ///< empty without a header line (a first line without a number)
  std::vector<Cells> rows;
  std::vector<std::size_t> lines;  ///< of each row, from 1
  bool has_decimal_comma = false;  ///< where other characters separate the cells
  std::size_t unended_line = 0;    ///< number of a last row without a line end; 0: it has one
  /// The row at unended_line lacks cells, or ends with half of one; it is not in `rows`.
  bool is_cut = false;

  /// NaN if empty. Errors: DataCorrupt naming line and column.
  double number(std::size_t row, std::size_t column) const;
  /// True if a column holds texts: not a single number, and something.
  bool is_text(std::size_t column) const;
};

/// Errors: DataCorrupt for a row of another width than the first line, and if there is no row.
CsvTable parse_csv(std::string_view text);

}  // namespace nest::io
