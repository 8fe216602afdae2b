#include "io/csv_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "io/trim.h"
#include "nest/core/error.h"
#include "nest/core/utf8.h"

namespace nest::io {
namespace {

using Cells = CsvTable::Cells;

bool parse_number(std::string_view text, bool has_decimal_comma, double& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::string pointed;
  if (has_decimal_comma && text.find(',') != std::string_view::npos) {
    pointed = text;
    std::replace(pointed.begin(), pointed.end(), ',', '.');
    text = pointed;
  }
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc() && end == last;
}

// Follows a table character by character: a quote opens only at the beginning of a cell.
class Quotes {
 public:
  bool is_open() const { return is_open_; }
  void pass(char c) {
    if (c == '"' && (is_open_ || starts_cell_)) is_open_ = !is_open_;
    starts_cell_ = c == ',' || c == ';' || c == '\t' || c == '"' || (starts_cell_ && c == ' ');
  }

 private:
  bool is_open_ = false;
  bool starts_cell_ = true;
};

// The line at the front with its end, which may lie behind line ends inside quotes (RFC 4180).
std::string_view logical_line(std::string_view text) {
  Quotes quotes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && !quotes.is_open()) return text.substr(0, i + 1);
    quotes.pass(text[i]);
  }
  if (!quotes.is_open()) return text;
  const std::size_t end = text.find('\n');  // a quote that never ends is a character
  return text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
}

// The character between the cells: outside quotes, tab before semicolon before comma.
char find_separator(std::string_view line) {
  Quotes quotes;
  std::string outside;
  for (const char c : line) {
    quotes.pass(c);
    if (!quotes.is_open()) outside += c;
  }
  for (const char c : {'\t', ';', ','}) {
    if (outside.find(c) != std::string::npos) return c;
  }
  return ',';
}

// A cell in quotes holds separators, and quotes as pairs (RFC 4180 section 2, rules 5 to 7).
std::string take_cell(std::string_view& rest, char separator) {
  const std::size_t first = rest.find_first_not_of(separator == '\t' ? " " : " \t");
  std::string cell;
  if (first != std::string_view::npos && rest[first] == '"') {
    std::size_t at = first + 1;
    while (at < rest.size() && (rest[at] != '"' || rest.substr(at, 2) == "\"\"")) {
      if (rest[at] == '"') ++at;
      cell += rest[at++];
    }
    if (at < rest.size()) {
      rest.remove_prefix(std::min(rest.find(separator, at), rest.size()));
      return cell;
    }
  }
  const std::size_t end = std::min(rest.find(separator), rest.size());
  cell = trim(rest.substr(0, end));
  rest.remove_prefix(end);
  return cell;
}

Cells split(std::string_view line, char separator) {
  Cells cells;
  while (true) {
    cells.push_back(take_cell(line, separator));
    if (line.empty()) return cells;
    line.remove_prefix(1);
  }
}

// The lines of a table that hold cells, one after the other.
class Lines {
 public:
  explicit Lines(std::string_view table) : rest_(table) {}

  // To the next line that is neither empty nor a comment; false if there is none.
  bool next() {
    while (!rest_.empty()) {
      const std::string_view whole = logical_line(rest_);
      number_ = following_;
      following_ += static_cast<std::size_t>(std::count(whole.begin(), whole.end(), '\n'));
      rest_.remove_prefix(whole.size());
      text_ = whole.substr(0, whole.find_last_not_of("\r\n") + 1);
      has_end_ = text_.size() < whole.size();
      const std::string_view content = trim(text_);
      if (!content.empty() && content.front() != '#') return true;
    }
    return false;
  }
  std::string_view text() const { return text_; }
  std::size_t number() const { return number_; }
  bool has_end() const { return has_end_; }

 private:
  std::string_view rest_, text_;
  std::size_t number_ = 0, following_ = 1;
  bool has_end_ = false;
};

bool is_number(std::string_view cell, bool has_decimal_comma) {
  double number = 0;
  return parse_number(cell, has_decimal_comma, number);
}

// True if a last row without a line end lacks cells that all rows before it have, or its last
// cell is no number where one stands above it.
bool ends_early(const Cells& cells, std::size_t shortest, const CsvTable& table) {
  if (cells.size() < shortest) return true;
  const std::size_t last = cells.size() - 1;
  return !table.rows.empty() && last < table.rows.back().size() &&
         !is_number(cells[last], table.has_decimal_comma) &&
         is_number(table.rows.back()[last], table.has_decimal_comma);
}

}  // namespace

CsvTable parse_csv(std::string_view text) {
  CsvTable table;
  char separator = 0;
  std::size_t width = 0, shortest = 0;
  for (Lines lines(text); lines.next();) {
    if (separator == 0) {
      separator = find_separator(trim(lines.text()));
      table.has_decimal_comma = separator != ',';
    }
    Cells cells = split(lines.text(), separator);
    if (width == 0) {
      width = shortest = cells.size();
      const bool is_header = std::none_of(cells.begin(), cells.end(), [&](const auto& cell) {
        return is_number(cell, table.has_decimal_comma);
      });
      if (is_header) {
        table.names = std::move(cells);
        continue;
      }
    }
    if (!lines.has_end()) {
      table.unended_line = lines.number();
      table.is_cut = ends_early(cells, shortest, table);
      if (table.is_cut) break;
    }
    require(cells.size() <= width + 1 && (cells.size() + 1 >= width), ErrorCode::kDataCorrupt,
            "line {}: {} cells, the first line has {}", lines.number(), cells.size(), width);
    shortest = std::min(shortest, cells.size());
    cells.resize(width);
    table.rows.push_back(std::move(cells));
    table.lines.push_back(lines.number());
  }
  require(!table.rows.empty(), ErrorCode::kDataCorrupt, "no row of numbers");
  return table;
}

double CsvTable::number(std::size_t row, std::size_t column) const {
  const std::string& cell = rows[row][column];
  double value = NAN;
  if (cell.empty()) return value;
  require(parse_number(cell, has_decimal_comma, value), ErrorCode::kDataCorrupt,
          "line {}, column {}: '{}' is not a number", lines[row], column + 1,
          utf8_or_latin1(std::string_view(cell).substr(0, 40)));
  return value;
}

bool CsvTable::is_text(std::size_t column) const {
  bool has_text = false;
  for (const Cells& row : rows) {
    if (row[column].empty()) continue;
    if (is_number(row[column], has_decimal_comma)) return false;
    has_text = true;
  }
  return has_text;
}

}  // namespace nest::io
