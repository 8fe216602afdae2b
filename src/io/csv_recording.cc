#include "nest/io/csv_recording.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "nest/core/error.h"

namespace nest::io {
namespace {

struct Table {
  std::vector<std::string> names;  // empty without a header line
  std::vector<std::vector<std::string_view>> rows;
  std::vector<std::size_t> lines;  // of each row
};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\"");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\"") - first + 1);
}

bool parse_number(std::string_view text, double& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

char find_separator(std::string_view line) {
  for (const char c : {'\t', ';', ','}) {
    if (line.find(c) != std::string_view::npos) return c;
  }
  return ',';
}

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t end = line.find(separator);
    cells.push_back(trim(line.substr(0, end)));
    if (end == std::string_view::npos) return cells;
    line.remove_prefix(end + 1);
  }
}

// "2017-11-02 12:33:05.090" in seconds of its month; NaN if it is no such time.
double clock_seconds(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  double second = 0;
  const std::string copy(text.substr(0, 40));
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2d %2d:%2d:%lf", &year, &month, &day, &hour, &minute,
                  &second) != 6) {
    return NAN;
  }
  return 86400.0 * day + 3600.0 * hour + 60.0 * minute + second;
}

Table parse_table(std::string_view text) {
  Table table;
  char separator = 0;
  std::size_t width = 0;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (trim(content).empty() || trim(content).front() == '#') continue;
    if (separator == 0) separator = find_separator(content);
    auto cells = split(content, separator);
    if (width == 0) {
      width = cells.size();
      double number = 0;
      const bool is_header = std::none_of(cells.begin(), cells.end(), [&](std::string_view cell) {
        return parse_number(cell, number);
      });
      if (is_header) {
        for (const std::string_view cell : cells) table.names.emplace_back(cell);
        continue;
      }
    }
    require(cells.size() <= width + 1 && (cells.size() + 1 >= width), ErrorCode::kDataCorrupt,
            "line {}: {} cells, the first line has {}", line, cells.size(), width);
    cells.resize(width);
    table.rows.push_back(std::move(cells));
    table.lines.push_back(line);
  }
  require(!table.rows.empty(), ErrorCode::kDataCorrupt, "no row of numbers");
  return table;
}

double cell_number(const Table& table, std::size_t row, std::size_t column) {
  const std::string_view cell = table.rows[row][column];
  double value = NAN;
  if (cell.empty()) return value;
  require(parse_number(cell, value), ErrorCode::kDataCorrupt,
          "line {}, column {}: '{}' is not a number", table.lines[row], column + 1,
          cell.substr(0, 40));
  return value;
}

double rate_from(double first_s, double last_s, std::size_t rows) {
  const double span = last_s - first_s;
  return rows > 1 && span > 0 ? static_cast<double>(rows - 1) / span : 0;
}

std::shared_ptr<const Recording> assemble(RecordingInfo info, const Table& table,
                                          const std::vector<std::size_t>& columns,
                                          const std::vector<std::size_t>& rows, double gain) {
  Tensor samples(DType::kF64, {static_cast<std::int64_t>(columns.size()),
                               static_cast<std::int64_t>(rows.size())});
  double* out = samples.mutable_data<double>().data();
  for (const std::size_t column : columns) {
    for (const std::size_t row : rows) *out++ = cell_number(table, row, column) * gain;
  }
  return make_recording(std::move(info), std::move(samples));
}

std::shared_ptr<const Recording> open_muse(const Table& table, const OpenOptions& options) {
  const bool wants_features = options.stream == "features";
  require(options.stream.empty() || options.stream == "raw" || wants_features, ErrorCode::kNotFound,
          "no stream '{}'; a Muse Monitor file has: raw, features", options.stream);
  std::vector<std::size_t> columns;
  RecordingInfo info;
  info.format = "Muse Monitor CSV";
  info.stream = wants_features ? "features" : "raw";
  const std::size_t elements = table.names.size() - 1;
  std::int64_t others = 0;
  for (std::size_t i = 1; i < elements; ++i) {
    const bool is_raw = table.names[i].starts_with("RAW_");
    if (is_raw == wants_features) {
      ++others;
      continue;
    }
    columns.push_back(i);
    info.channels.push_back({is_raw ? table.names[i].substr(4) : table.names[i], is_raw ? "V" : "",
                             is_raw ? "uV" : "", 0, 0});
  }
  require(!columns.empty(), ErrorCode::kDataCorrupt, "no column belongs to stream '{}'",
          info.stream);
  std::vector<std::size_t> rows;
  std::vector<double> times;
  std::vector<std::pair<double, std::string>> notes;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const double time = clock_seconds(table.rows[row][0]);
    require(std::isfinite(time), ErrorCode::kDataCorrupt, "line {}: '{}' is no time stamp",
            table.lines[row], table.rows[row][0].substr(0, 40));
    if (table.rows[row][elements].starts_with("/")) {
      notes.emplace_back(time, std::string(table.rows[row][elements]));
    }
    if (table.rows[row][columns.front()].empty()) continue;  // a row that only carries a marker
    rows.push_back(row);
    times.push_back(time);
  }
  require(!rows.empty(), ErrorCode::kDataCorrupt, "no row of samples");
  const double rate =
      options.rate_hz > 0 ? options.rate_hz : rate_from(times.front(), times.back(), times.size());
  info.rate_hz = rate;
  std::string start(table.rows[rows.front()][0]);
  if (start.size() > 10) start[10] = 'T';
  info.start_time = start;
  for (auto& [time, text] : notes) {
    info.annotations.push_back({time - times.front(), 0, std::move(text), ""});
  }
  info.other_streams.push_back(
      {wants_features ? "raw" : "features", rate, others, static_cast<std::int64_t>(rows.size())});
  return assemble(std::move(info), table, columns, rows, wants_features ? 1 : 1e-6);
}

bool is_time_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name == "time" || name == "t" || name == "timestamp" || name == "timestamps" ||
         name == "seconds" || name == "time_s";
}

}  // namespace

std::shared_ptr<const Recording> open_csv(std::string_view text, const OpenOptions& options) {
  const Table table = parse_table(text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text);
  const bool is_muse =
      table.names.size() > 3 && table.names.front() == "TimeStamp" &&
      table.names.back() == "Elements" &&
      std::any_of(table.names.begin() + 1, table.names.end() - 1,
                  [](const std::string& name) { return name.starts_with("RAW_"); });
  if (is_muse) return open_muse(table, options);
  require(options.stream.empty(), ErrorCode::kNotFound, "no stream '{}' in a plain table",
          options.stream);
  RecordingInfo info;
  info.format = "CSV";
  info.rate_hz = options.rate_hz;
  std::vector<std::size_t> columns;
  const std::size_t width = table.rows.front().size();
  for (std::size_t i = 0; i < width; ++i) {
    if (!table.names.empty() && is_time_name(table.names[i])) {
      if (info.rate_hz > 0) continue;
      const double first = cell_number(table, 0, i);
      const double last = cell_number(table, table.rows.size() - 1, i);
      info.rate_hz = rate_from(first, last, table.rows.size());
      continue;
    }
    columns.push_back(i);
    info.channels.push_back({table.names.empty() ? "" : table.names[i], "", "", 0, 0});
  }
  require(!columns.empty(), ErrorCode::kDataCorrupt, "no column of samples beside the time");
  std::vector<std::size_t> rows(table.rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  return assemble(std::move(info), table, columns, rows, 1);
}

}  // namespace nest::io
