#include "io/csv_recording.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "io/csv_table.h"
#include "io/departures.h"
#include "io/wall_time.h"
#include "nest/core/error.h"
#include "nest/core/utf8.h"

namespace nest::io {
namespace {

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

double rate_from(double first_s, double last_s, std::size_t rows) {
  const double span = last_s - first_s;
  return rows > 1 && span > 0 ? static_cast<double>(rows - 1) / span : 0;
}

std::shared_ptr<const Recording> assemble(RecordingInfo info, const CsvTable& table,
                                          const std::vector<std::size_t>& columns,
                                          const std::vector<std::size_t>& rows, double gain) {
  Tensor samples(DType::kF64, {static_cast<std::int64_t>(columns.size()),
                               static_cast<std::int64_t>(rows.size())});
  double* out = samples.mutable_data<double>().data();
  for (const std::size_t column : columns) {
    for (const std::size_t row : rows) *out++ = table.number(row, column) * gain;
  }
  return make_recording(std::move(info), std::move(samples));
}

std::shared_ptr<const Recording> open_muse(const CsvTable& table, const OpenOptions& options,
                                           Departures& departures) {
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
    if (!std::isfinite(time)) {
      departures.add("row without a time stamp left out",
                     fmt::format("line {}: '{}'", table.lines[row],
                                 utf8_or_latin1(table.rows[row][0].substr(0, 40))));
      continue;
    }
    if (table.rows[row][elements].starts_with("/")) {
      notes.emplace_back(time, departures.utf8(table.rows[row][elements],
                                               fmt::format("line {}", table.lines[row])));
    }
    if (table.rows[row][columns.front()].empty()) continue;  // a row that only carries a marker
    rows.push_back(row);
    times.push_back(time);
  }
  require(!rows.empty(), ErrorCode::kDataCorrupt, "no row of samples");
  const double rate =
      options.rate_hz > 0 ? options.rate_hz : rate_from(times.front(), times.back(), times.size());
  info.rate_hz = rate;
  const auto start = parse_wall_time(table.rows[rows.front()][0]);
  if (start) info.start_time = iso_wall_time(*start);
  for (auto& [time, text] : notes) {
    info.annotations.push_back({time - times.front(), 0, std::move(text), ""});
  }
  info.other_streams.push_back(
      {wants_features ? "raw" : "features", rate, others, static_cast<std::int64_t>(rows.size())});
  info.warnings = departures.lines();
  return assemble(std::move(info), table, columns, rows, wants_features ? 1 : 1e-6);
}

// A file that was cut while it was written ends with part of a row. Where that shows the row is no
// sample; where all its cells are there the last number may still lack digits.
void check_last_row(const CsvTable& table, bool allow_truncated, Departures& departures) {
  const std::string place = fmt::format("line {}", table.unended_line);
  if (table.is_cut) {
    require(allow_truncated, ErrorCode::kDataCorrupt,
            "{}: the file ends within this row; read the rows before it with `allow_truncated`",
            place);
    departures.add("row where the file ends left out", place);
  } else if (allow_truncated && table.unended_line > 0) {
    departures.add("last row without a line end, its last number may be cut", place);
  }
}

bool is_time_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name == "time" || name == "t" || name == "timestamp" || name == "timestamps" ||
         name == "seconds" || name == "time_s";
}

}  // namespace

std::shared_ptr<const Recording> open_csv(std::string_view text, const OpenOptions& options) {
  Departures departures;
  CsvTable table = parse_csv(
      has_byte_order_mark(text) ? without_byte_order_mark(std::string(text), "table") : text);
  check_last_row(table, options.allow_truncated, departures);
  for (std::size_t i = 0; i < table.names.size(); ++i) {
    table.names[i] = departures.utf8(table.names[i], fmt::format("name of column {}", i + 1));
  }
  const bool is_muse =
      table.names.size() > 3 && table.names.front() == "TimeStamp" &&
      table.names.back() == "Elements" &&
      std::any_of(table.names.begin() + 1, table.names.end() - 1,
                  [](const std::string& name) { return name.starts_with("RAW_"); });
  if (is_muse) return open_muse(table, options, departures);
  require(options.stream.empty(), ErrorCode::kNotFound, "no stream '{}' in a plain table",
          options.stream);
  RecordingInfo info;
  info.format = "CSV";
  info.rate_hz = options.rate_hz;
  std::vector<std::size_t> columns;
  const std::size_t width = table.rows.front().size();
  for (std::size_t i = 0; i < width; ++i) {
    if (table.is_text(i)) {
      departures.add("column of texts left out",
                     fmt::format("{} '{}'", i + 1, table.names.empty() ? "" : table.names[i]));
      continue;
    }
    if (!table.names.empty() && is_time_name(table.names[i])) {
      if (info.rate_hz > 0) continue;
      const double first = table.number(0, i);
      const double last = table.number(table.rows.size() - 1, i);
      info.rate_hz = rate_from(first, last, table.rows.size());
      continue;
    }
    columns.push_back(i);
    info.channels.push_back({table.names.empty() ? "" : table.names[i], "", "", 0, 0});
  }
  require(!columns.empty(), ErrorCode::kDataCorrupt, "no column of samples beside the time");
  std::vector<std::size_t> rows(table.rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  info.warnings = departures.lines();
  return assemble(std::move(info), table, columns, rows, 1);
}

}  // namespace nest::io
